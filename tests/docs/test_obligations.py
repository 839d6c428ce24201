"""The table that the how-to shows is understood, and obliges to what the page says."""

import json

import pytest

from gateway.policy.bundle import default_root, load
from gateway.policy.obligations import KNOWN
from gateway.policy.testing import evaluate
from tests.pages import blocks, shell
from tests.policy.golden import FOLDER


@pytest.fixture
def page(pytestconfig):
    return (pytestconfig.rootpath / "docs" / "how-to" / "obligations.md").read_text("utf-8")


@pytest.fixture
def overrides(page, tmp_path):
    """The page's table, where an operator would put it."""
    (table,) = blocks(page, "json table")
    path = tmp_path / "rules" / "org" / "obligations" / "data.json"
    path.parent.mkdir(parents=True)
    path.write_text(table, "utf-8")
    return tmp_path / "rules"


def circuits(story):
    """Give what a golden story's circuits are like."""
    return json.loads((FOLDER / f"{story}.json").read_text("utf-8"))["circuits"]


def obliged(overrides, story, **changes):
    """Decide a golden story with some facts changed; gives what is obliged, by kind."""
    facts = json.loads((FOLDER / f"{story}.json").read_text("utf-8"))
    for noun, values in changes.items():
        facts[noun] = values if isinstance(values, list) else facts[noun] | values
    decision = evaluate(load(default_root(), overrides), json.dumps(facts).encode())
    assert decision.allow, decision.deny
    return {each.kind: each.parameters for each in decision.obligations}


def test_hardware_takes_a_fresh_calibration(overrides):
    kinds = obliged(overrides, "allow-hardware")

    assert kinds["require-calibration"] == {"max_age_seconds": 86400}


def test_ibms_samplers_run_in_parts_and_nobody_elses(overrides):
    many = {"circuits": [{**circuit, "shots": 5001} for circuit in circuits("allow-hardware")]}

    assert obliged(overrides, "allow-hardware", backend={"vendor": "ibm"}, **many)["split-shots"] == {"shots": 5000}
    assert "split-shots" not in obliged(overrides, "allow-hardware", backend={"vendor": "ionq"}, **many)
    assert "split-shots" not in obliged(
        overrides, "allow-hardware", backend={"vendor": "ibm"}, job={"program": "executor"}, **many
    )


def test_what_is_confidential_says_nothing_about_itself(overrides):
    secret = {"classification": "confidential", "declared_classification": "confidential"}

    kinds = obliged(overrides, "allow-hardware", job=secret, backend={"region": "eu-de", "vendor": "ibm"})

    assert kinds["strip"] == {"of": ["metadata", "names", "tags"]}
    assert {"relabel-registers", "force-private", "add-tags", "limit-execution"} <= set(kinds)


def test_a_simulator_is_obliged_to_nothing(overrides):
    assert obliged(overrides, "allow-emulated-device") == {}


def test_every_kind_that_a_table_can_ask_for_is_on_the_page(page):
    told = {
        "shots": "cap-shots",
        "split_shots": "split-shots",
        "strip": "strip",
        "relabel_registers": "relabel-registers",
        "private": "force-private",
        "add_tags": "add-tags",
        "execution_seconds": "limit-execution",
        "session_seconds": "limit-session",
        "calibration_seconds": "require-calibration",
        "regions": "pin-region",
        "backends": "place-elsewhere",
    }

    assert set(told.values()) | {"require-approval"} == set(KNOWN)
    assert all(f"`{word}`" in page for word in told)


def test_the_commands_of_the_page_find_nothing_wrong(page, overrides, tmp_path):
    here = {"GATEWAY_POLICY__OVERRIDES": str(overrides), "GATEWAY_STATE_DIR": str(tmp_path)}

    shell("\n".join(blocks(page)), here, place=tmp_path)
