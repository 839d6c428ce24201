"""`gateway halt` as a person calls it, at night and in a hurry."""

import pytest


def test_a_halt_is_set_listed_and_lifted(staffed):
    made = staffed("halt", "set", "--project", "lab", "--reason", "a leak is looked into", "--json")
    (row,) = made.json

    assert made.status == 0
    assert (row["stops"], row["target"], row["reason"]) == ("project", "lab", "a leak is looked into")
    assert "a leak is looked into" in staffed("halt", "list").out
    assert staffed("halt", "lift", row["id"]).status == 0
    assert staffed("halt", "list", "--json").json == []
    assert staffed("halt", "list", "--lifted", "--json").json[0]["lifted"] is not None


@pytest.mark.parametrize(("aim", "stops", "target"), [(["--all"], "all", ""), (["--vendor", "aer"], "vendor", "aer")])
def test_everything_and_a_vendor_are_stopped_too(staffed, aim, stops, target):
    (row,) = staffed("halt", "set", *aim, "--reason", "drill", "--json").json

    assert (row["stops"], row["target"]) == (stops, target)


@pytest.mark.parametrize(
    "aim", [[], ["--all", "--project", "lab"], ["--vendor", "aer", "--project", "lab"]], ids=["nothing", "two", "two"]
)
def test_a_halt_has_exactly_one_aim(staffed, aim):
    told = staffed("halt", "set", *aim, "--reason", "drill")

    assert (told.status, "exactly one" in told.err) == (2, True)
    assert staffed("halt", "list", "--json").json == []


@pytest.mark.parametrize(
    ("aim", "said"),
    [(["--project", "moon"], "no project 'moon'"), (["--vendor", "moon"], "no vendor 'moon'")],
)
def test_a_halt_that_would_stop_nothing_is_refused(staffed, aim, said):
    told = staffed("halt", "set", *aim, "--reason", "drill")

    assert (told.status, said in told.err) == (1, True)


def test_a_halt_needs_a_reason(staffed):
    assert staffed("halt", "set", "--all").status == 2
    assert staffed("halt", "set", "--all", "--reason", " ").status == 1
    assert staffed("halt", "list", "--json").json == []


def test_an_unknown_halt_is_not_lifted(staffed):
    assert staffed("halt", "lift", "typo").status == 1


def test_both_are_in_the_ledger(staffed):
    (row,) = staffed("halt", "set", "--all", "--reason", "drill", "--json").json
    staffed("halt", "lift", row["id"])

    told = staffed("audit", "show", "--json").json[-2:]
    assert [(entry["type"], entry["body"]["halt"]) for entry in told] == [
        ("halt.set", row["id"]),
        ("halt.lifted", row["id"]),
    ]


def test_the_doctor_names_the_halt_and_how_to_lift_it(staffed):
    """Whoever asks at night why nothing runs must not look for a defect."""
    assert "halt" not in {each["name"] for each in staffed("doctor", "--json").json}
    (row,) = staffed("halt", "set", "--all", "--reason", "drill", "--json").json

    (found,) = [each for each in staffed("doctor", "--json").json if each["name"] == "halt"]
    assert found["state"] == "warn"
    assert "drill" in found["found"]
    assert row["id"] in found["mend"]
