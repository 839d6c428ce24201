"""A bundle is its content: what is in it names it, and what does not belong in it is refused."""

import hashlib
import json

import pytest

from gateway.policy.bundle import PolicyBundleError, default_root, load
from tests.unit.policy.trees import tree

RULE = "package gateway.rules.access.office_hours\n\ndeny contains 1 if false\n"
RULE_PATH = "gateway/rules/access/office_hours/office_hours.rego"


def test_the_shipped_policies_load():
    bundle = load(default_root())

    assert "job.submit" in bundle.roles["scientist"]
    assert "job.submit" not in bundle.roles["auditor"]
    assert {each.allow for each in bundle.known} == {True, False}
    assert not any(path.endswith("_test.rego") or "testing" in path for path in bundle.rego)


def test_prices_and_schemas_are_no_policy_data():
    """Prices lie in policies/data for their owner; Rego sees only tables of `org`."""
    assert set(load(default_root()).data) == {"org"}


def test_a_table_stands_at_the_path_of_its_folder(tmp_path):
    bundle = load(tree(tmp_path, {"org/limits/data.json": {"a": 1}, "org/site/lund/data.json": {"b": 2}}))

    assert bundle.data == {"org": {"limits": {"a": 1}, "site": {"lund": {"b": 2}}}}


def test_tables_may_stand_in_one_file_and_in_several(tmp_path):
    files = {"org/data.json": {"limits": {"a": 1}, "keys": 2}, "org/limits/data.json": {"b": 2}}

    assert load(tree(tmp_path, files)).data == {"org": {"limits": {"a": 1, "b": 2}, "keys": 2}}


@pytest.mark.parametrize("above", [{"limits": {"a": 1}}, {"limits": 1}], ids=["a value twice", "a table below a value"])
def test_tables_do_not_contradict_each_other(tmp_path, above):
    with pytest.raises(PolicyBundleError, match="says again"):
        load(tree(tmp_path, {"org/data.json": above, "org/limits/data.json": {"a": 1}}))


def test_a_file_may_be_called_like_the_last_part_of_its_package(tmp_path):
    files = {
        "gateway/rules/size.rego": "package gateway.rules.size # as others do\n",
        "gateway/rules/size_test.rego": "package gateway.rules.size_test\n",
    }

    assert set(load(tree(tmp_path, files)).rego) == {"gateway/main/main.rego", "gateway/rules/size.rego"}


def test_a_self_test_says_nothing_of_tables_it_does_not_know(tmp_path):
    known = {"allow": False, "deny": ["a/b"], "facts": {}, "tables": {"x": hashlib.sha256(b'{"a":1}').hexdigest()}}
    files = {"selftest/x.json": known, "org/x/data.json": {"a": 1}}

    assert [each.deny for each in load(tree(tmp_path / "a", files)).known] == [("a/b",)]
    assert load(tree(tmp_path / "b", {**files, "org/x/data.json": {"a": 2}})).known == ()


def test_layout_and_tests_do_not_change_a_revision(tmp_path):
    """Who reformats a table or adds a test decides nothing differently."""
    plain = load(tree(tmp_path / "a", {"org/x/data.json": '{"a":1,"b":2}'}))
    other = load(
        tree(
            tmp_path / "b",
            {
                "org/x/data.json": '{\n "b": 2, "a": 1}',
                "gateway/main/main_test.rego": "package gateway.main_test\n",
                "schemas/input.json": "{}",
            },
        )
    )

    assert plain.revision == other.revision


@pytest.mark.parametrize(
    "change", [{"org/x/data.json": {"a": 2}}, {RULE_PATH: RULE}], ids=["another number", "another rule"]
)
def test_what_decides_changes_a_revision(tmp_path, change):
    before = load(tree(tmp_path / "a", {"org/x/data.json": {"a": 1}}))
    after = load(tree(tmp_path / "b", {"org/x/data.json": {"a": 1}, **change}))

    assert before.revision != after.revision


def test_overrides_replace_tables_and_add_rules(tmp_path):
    root = tree(tmp_path / "root", {"org/limits/data.json": {"a": 1}, "org/keys/data.json": {"k": 1}})
    mine = tree(tmp_path / "mine", {"org/limits/data.json": {"b": 2}, RULE_PATH: RULE, "README.md": "ours"})
    (mine / "gateway/main/main.rego").unlink()

    bundle = load(root, mine)

    assert bundle.data["org"] == {"limits": {"b": 2}, "keys": {"k": 1}}
    assert RULE_PATH in bundle.rego


@pytest.mark.parametrize(
    "path",
    [
        "gateway/main/main.rego",
        "gateway/result/result.rego",
        "gateway/rules/access/office_hours/other.rego",
        "gateway/rules/loose.rego",
        "org/limits.json",
        "data/prices.json",
        "notes.txt",
    ],
)
def test_overrides_reach_nothing_else(tmp_path, path):
    root = tree(tmp_path / "root")
    mine = tmp_path / "mine"
    (mine / path).parent.mkdir(parents=True)
    (mine / path).write_text("{}")

    with pytest.raises(PolicyBundleError, match=r"in policy\.overrides is nothing that overrides may hold"):
        load(root, mine)


def test_overrides_do_not_replace_a_rule(tmp_path):
    root = tree(tmp_path / "root", {RULE_PATH: RULE})
    mine = tmp_path / "mine"
    (mine / RULE_PATH).parent.mkdir(parents=True)
    (mine / RULE_PATH).write_text(RULE)

    with pytest.raises(PolicyBundleError, match=r"in policy\.overrides replaces a rule"):
        load(root, mine)


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        pytest.param(RULE_PATH, "package gateway.main\n", "folder and package agree", id="a package of another folder"),
        pytest.param(RULE_PATH, f"{RULE}package gateway.main\n", "folder and package", id="two packages"),
        pytest.param("org/x/data.json", '{"a": 1, "a": 2}', "stands twice", id="a key twice"),
        pytest.param("org/x/data.json", '{"a": 1.5}', "no whole number", id="a fraction"),
        pytest.param("org/x/data.json", '{"a": NaN}', "no whole number", id="not a number"),
        pytest.param("org/x/data.json", "[]", "a table is a JSON object", id="a list"),
        pytest.param(
            "org/x/data.json", "{\n[", r"x/data.json in policy.directory is no JSON: .*, line 2 column 1", id="no JSON"
        ),
        pytest.param("org/x/data.json", '{"a": "\\ud800"}', "is no table", id="half a character"),
        pytest.param("org/x/data.json", "[" * 100_000, "is no table", id="deeper than anybody reads"),
        pytest.param("selftest/x.json", '{"allow": 1, "facts": {}}', "must hold `allow`", id="no verdict"),
        pytest.param("selftest/x.json", '{"allow": true, "facts": {}, "x": 1}', "must hold", id="an unknown field"),
        pytest.param("limits/data.json", "{}", "no part of the decision", id="a table outside of org"),
        pytest.param("org/x/data.yaml", "a: 1", "no part of the decision", id="a table in YAML"),
    ],
)
def test_mistakes_are_named(tmp_path, path, content, words):
    with pytest.raises(PolicyBundleError, match=words):
        load(tree(tmp_path, {path: content}))


def test_an_empty_directory_is_no_policy(tmp_path):
    with pytest.raises(PolicyBundleError, match=r"main\.rego is missing"):
        load(tmp_path)


def test_text_that_is_no_text_is_named(tmp_path):
    (tree(tmp_path) / "org").mkdir()
    (tmp_path / "org" / "x").mkdir()
    (tmp_path / "org" / "x" / "data.json").write_bytes(b"\xff")

    with pytest.raises(PolicyBundleError, match="is no UTF-8 text"):
        load(tmp_path)


def test_the_directory_of_a_mistake_has_the_name_that_people_gave_it(tmp_path):
    root, candidate = tree(tmp_path / "root"), tmp_path / "candidate"
    (candidate / "org/x").mkdir(parents=True)
    (candidate / "org/x/data.json").write_text("{")

    with pytest.raises(PolicyBundleError, match=r"org/x/data\.json in \./candidate is no JSON") as found:
        load(root, candidate, called=("policy.directory", "./candidate"))

    assert (found.value.path, found.value.line) == ("org/x/data.json", 1)
    assert str(tmp_path) not in found.value.message


def test_what_is_written_is_the_same_bundle(tmp_path):
    bundle = load(default_root())

    bundle.write(tmp_path, tests=True)

    assert load(tmp_path).revision == bundle.revision
    manifest = json.loads((tmp_path / ".manifest").read_text())
    assert manifest == {"revision": bundle.revision, "rego_version": 1, "roots": ["gateway", "org"]}
