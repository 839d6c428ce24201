"""`gateway policy leaks`: the rules about texts, tried on a file."""

import json

import pytest

KEY = "AKIA" + "Z7" * 8


@pytest.fixture
def leaks(gateway, tmp_path):
    def look(content, *options):
        file = tmp_path / "file"
        file.write_bytes(content)
        return gateway("policy", "leaks", str(file), *options)

    return look


def test_what_is_found_is_told_and_never_shown(leaks):
    told = leaks(json.dumps({"log": f"{KEY} and top secret"}).encode(), "--json")

    assert told.status == 1
    assert [(each["rule"], each["found"], each["action"]) for each in told.json] == [
        ("cloud-key", 1, "deny"),
        ("marked-restricted", 1, "raise"),
    ]
    assert KEY not in told.out


def test_a_clean_file_is_told_by_the_exit_code(leaks):
    told = leaks(b"nothing to see")

    assert (told.status, "0 of" in told.err) == (0, True)


def test_a_table_that_is_not_in_force_can_be_tried(leaks, tmp_path):
    table = tmp_path / "rules/org/dlp/data.json"
    table.parent.mkdir(parents=True)
    rule = {"says": "it", "action": "warn", "severity": "low", "words": ["heron"]}
    table.write_text(json.dumps({"rules": {"bird": rule}}), "utf-8")

    told = leaks(b"a heron", "--of", str(tmp_path / "rules"), "--json")

    assert [each["rule"] for each in told.json] == ["bird"]


@pytest.mark.parametrize("content", [b"\x00\xff\xfe", b"word " * 200_000], ids=["no text", "too much text"])
def test_what_cannot_be_looked_through_is_no_clean_file(leaks, content):
    told = leaks(content)

    assert told.status == 2
    assert "cannot be looked through" in told.err
