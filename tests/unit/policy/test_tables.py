"""Tables that operators edit: what is misspelt is found, with the place, and with the words that may stand there."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.policy.bundle import default_root, load
from gateway.policy.check import PolicyCheckError, check, require
from gateway.policy.shapes import nearest
from gateway.policy.tables import problems
from tests.policy import houses

SHIPPED = load(default_root())
FOREIGN = Path("tests/policy/foreign")
DOCS = Path("docs/how-to")
ROW = {"reason": "costly", "hours": 24, "permission": "job.approve", "if": {}}


def tables(**changes):
    """The policies that ship, with other tables."""
    return replace(
        SHIPPED, tables={**SHIPPED.tables, **{f"org/{name}/data.json": each for name, each in changes.items()}}
    )


def found(name, table, *, advice=False):
    return [f"{path}: {problem}" for path, problem in problems(tables(**{name: table})) if problem.advice == advice]


def limits(change):
    table = deepcopy(SHIPPED.tables["org/limits/data.json"])
    change(table)
    return table


def obligations(**changes):
    return {"size": [], "disclosure": [], "run": [], **changes}


def about(**when):
    """A row that speaks about such jobs."""
    return obligations(size=[{"when": when, "shots": 1}])


def approvals(**changes):
    row = {key: value for key, value in {**ROW, **changes}.items() if value is not None}
    return {"rows": [row]}


# ── what passes ──────────────────────────────────────────────────────────────────────────────────
def test_our_tables_and_filled_ones_pass():
    assert list(problems(SHIPPED)) == []
    assert list(problems(houses.filled(SHIPPED))) == []


@pytest.mark.parametrize(
    ("name", "page", "pattern"),
    [
        pytest.param("obligations", "obligations.md", r"```json table\n(.*?)```", id="obligations"),
        pytest.param("approvals", "approvals.md", r"<<'TABLE'\n(.*?)TABLE", id="approvals"),
    ],
)
def test_tables_of_the_docs_pass(name, page, pattern):
    (text,) = re.findall(pattern, (DOCS / page).read_text(), re.DOTALL)

    assert list(problems(tables(**{name: json.loads(text)}))) == []


@pytest.mark.parametrize("name", sorted(each.name for each in FOREIGN.iterdir() if each.is_dir()))
def test_tables_of_policies_by_other_hands_pass(name):
    assert list(problems(load(FOREIGN / name))) == []


def test_others_may_have_tables_of_our_names():
    """Without the Rego that reads ours, a table is whatever theirs reads."""
    main = 'package gateway.main\n\ndecision := data.org.limits["most"]\n'
    bundle = replace(SHIPPED, rego={"gateway/main/main.rego": main}, tables={"org/limits/data.json": {"most": 4}})

    assert list(problems(bundle)) == []


def test_a_rule_may_have_a_limit_and_a_table_of_its_own():
    rule = 'package gateway.rules.circuits.pulses\n\nx := limits.of("pulses")\n\ny := data.org.colours.red\n'
    rego = {**SHIPPED.rego, "gateway/rules/circuits/pulses/pulses.rego": rule}
    table = limits(lambda table: table["production"]["default"].update(pulses=3))
    bundle = tables(limits=table, colours={"red": True})

    assert len(list(problems(bundle))) == 2
    assert list(problems(replace(bundle, rego=rego))) == []


# ── what a new user wrote ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("table", "words"),
    [
        pytest.param(
            about(vendors=["ibm"]), 'size[0].when: "vendors" is no key known here; known are vendor,', id="key"
        ),
        pytest.param(
            obligations(size=[{"when": {}, "split_shot": 5}]),
            'size[0]: "split_shot" is no key known here; known are split_shots,',
            id="duty",
        ),
        pytest.param({"size": []}, 'the key "run" is missing', id="table missing"),
        pytest.param(obligations(sizes=[]), '"sizes" is no key known here; known are size,', id="table misspelt"),
        pytest.param(obligations(size=[{"when": {}}]), "size[0]: found", id="nothing follows"),
        pytest.param(obligations(size=[{"shots": 1}]), 'size[0]: the key "when" is missing', id="no conditions"),
        pytest.param(obligations(size={}), "size: found {}, where a list must stand", id="no rows"),
        pytest.param(obligations(size=[{"when": {}, "shots": "5"}]), 'size[0].shots: found "5"', id="number as text"),
        pytest.param(obligations(size=[{"when": {}, "shots": True}]), "size[0].shots: found true", id="true for one"),
        pytest.param(about(kind="hardware"), 'size[0].when.kind: found "hardware", where a list', id="no list"),
        pytest.param(
            about(kind=["hardwre"]),
            'size[0].when.kind[0]: "hardwre" is no kind known here; known are hardware,',
            id="kind",
        ),
        pytest.param(about(dialect=["imb"]), "known are ibm,", id="dialect"),
        pytest.param(about(classification=["secret"]), "no classification known here", id="classification"),
        pytest.param(about(workload=["prod"]), "known are production,", id="workload"),
        pytest.param(about(program=["samplr"]), "known are sampler,", id="program"),
        pytest.param(about(backend=["ibm_*"]), "a name, and no pattern", id="pattern"),
        pytest.param(
            obligations(disclosure=[{"when": {}, "strip": ["name"]}]), 'strip[0]: "name" is no part', id="strip"
        ),
        pytest.param(obligations(disclosure=[{"when": {}, "add_tags": ["x"]}]), "`key=value` texts", id="tag"),
        pytest.param(obligations(disclosure=[{"when": {}, "private": "yes"}]), "true or false", id="flag"),
        pytest.param(obligations(run=[{"when": {}, "regions": []}]), "what pin-region takes", id="no region"),
    ],
)
def test_misspelt_obligations_are_found(table, words):
    (line,) = [each for each in found("obligations", table) if words in each]

    assert line.startswith("org/obligations/data.json: ")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        pytest.param({}, 'the key "rows" is missing', id="no rows"),
        pytest.param(approvals(**{"if": {"shot_over": 1}}), 'rows[0].if: "shot_over" is no key', id="condition"),
        pytest.param(approvals(**{"if": {"kinds": ["hardwre"]}}), 'rows[0].if.kinds[0]: "hardwre"', id="kind"),
        pytest.param(approvals(**{"if": {"cost_over": {"EUR": "5"}}}), 'if.cost_over.EUR: found "5"', id="cost"),
        pytest.param(
            approvals(permission="job.aprove"),
            "no permission of any role known here; known are job.approve,",
            id="permission",
        ),
        pytest.param(approvals(permission=None, role="leed"), "no role known here; known are lead,", id="role"),
        pytest.param(approvals(permission=None), "one of permission and role", id="nobody"),
        pytest.param(approvals(role="lead"), "one of permission and role", id="both"),
        pytest.param(approvals(hours="a day"), 'rows[0].hours: found "a day"', id="hours"),
        pytest.param(approvals(hours=10_000), "a whole number from 1 to 720", id="many hours"),
        pytest.param(approvals(reason=""), "1 to 200 printable characters", id="no reason"),
        pytest.param(approvals(reasons="x"), '"reasons" is no key known here; known are reason,', id="key"),
    ],
)
def test_misspelt_approvals_are_found(table, words):
    assert any(words in each for each in found("approvals", table))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            lambda table: table["production"]["default"].update(depth="15000"),
            'production.default.depth: found "15000", where a whole number of 0 or more must stand',
            id="number as text",
        ),
        pytest.param(
            lambda table: table["production"]["default"].update(total_shotz=1),
            'production.default: "total_shotz" is no key known here; known are total_shots,',
            id="limit",
        ),
        pytest.param(
            lambda table: table["production"]["default"].pop("depth"), 'the key "depth" is missing', id="gone"
        ),
        pytest.param(lambda table: table["production"]["roles"].update(leed={}), '"leed" is no role', id="role"),
        pytest.param(lambda table: table.update(prod=table.pop("production")), '"prod" is no key', id="workload"),
        pytest.param(lambda table: table["production"].pop("roles"), 'the key "roles" is missing', id="no roles"),
    ],
)
def test_misspelt_limits_are_found(change, words):
    assert any(words in each for each in found("limits", limits(change)))


@pytest.mark.parametrize(
    ("name", "table", "words"),
    [
        pytest.param("budgets", {"over": "refuze"}, "known are refuse", id="budgets"),
        pytest.param("labels", {"resembling": "ignored"}, "known are ignore", id="labels"),
        pytest.param("wire", {"unknown_fields": {"experimental": "warn"}}, '"production" is missing', id="wire"),
        pytest.param("programs", {"experimental": [], "production": ["samplr"]}, "production[0]", id="programs"),
        pytest.param("placement", {"order": ["requested"]}, '"simulator" is missing', id="placement"),
        pytest.param("residency", {"secret": []}, '"secret" is no classification', id="residency"),
        pytest.param("enforcement", {"level": {}}, "known are levels", id="enforcement"),
        pytest.param("roles", {"lead": {"permissions": 5, "backends": []}}, "permissions: found 5", id="roles"),
    ],
)
def test_other_tables_are_looked_at_too(name, table, words):
    assert any(words in each for each in found(name, table))


def test_a_table_that_nothing_reads_is_found():
    """It looks as if it were in force."""
    lines = found("limit", SHIPPED.tables["org/limits/data.json"])

    assert lines == [
        each for each in lines if each.startswith("org/limit/data.json: nothing reads the table limit; known")
    ]
    assert "known are limits," in lines[0]


async def test_a_vendor_nobody_knows_is_told_and_keeps_nobody_from_deciding():
    """Adapters of others may bring one."""
    table = about(vendor=["imb"])

    assert found("obligations", table) == []
    (line,) = found("obligations", table, advice=True)
    assert 'size[0].when.vendor[0]: "imb" is no vendor known here; known are ibm,' in line
    await require(tables(obligations=table))


async def test_nobody_decides_by_a_misspelt_table():
    with pytest.raises(PolicyCheckError, match=r"org/approvals/data\.json: rows\[0\]\.permission: "):
        await require(tables(approvals=approvals(permission="job.aprove")))


def test_the_check_names_it(tmp_path):
    file = tmp_path / "org" / "approvals" / "data.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(approvals(permission="job.aprove")))

    (finding,) = check(default_root(), overrides=tmp_path, opa="no-such-program", regal="no-such-program")

    assert "rows[0].permission: " in finding.message


def test_of_many_names_the_nearest_are_told():
    assert nearest("k3x", [f"k{number}" for number in range(30)]).startswith("known are k3, ")
    assert nearest("k", [f"k{number}" for number in range(30)]).endswith(" and 20 more")
