"""The reference page of the policies, made from the METADATA of the rules; `make docs` writes it."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from gateway.policy import metadata
from gateway.policy.bundle import Bundle
from gateway.policy.metadata import Metadata
from gateway.policy.obligations import KNOWN

TABLES: Final[Mapping[str, str]] = {
    "approvals": "`rows`: which jobs a second person must approve. Each says who (`permission` or `role`), why "
    "(`reason`), for how many `hours` it is waited for, and `if` which conditions hold: `projects` and `backends` "
    "(patterns), `kinds`, `classifications`, `workload_classes`, `shots_over`, `cost_over` (micros by currency). See "
    "docs/how-to/approvals.md.",
    "budgets": "`over`: what happens to a job that is over budget on hardware: `simulator` lets one take its place "
    "where the caller consents, `refuse` refuses it.",
    "calibration": "How old a calibration may be, in seconds, by workload class; null is any age.",
    "dlp": "What texts of submissions and results must not hold, by rule: how it is found (`words`, `patterns`, "
    "`detectors`), what it is called (`says`), what follows (`action`, `label`, `results`). `unread_results`: whether "
    "results that nobody can look through are recorded or withheld. See docs/how-to/data-leaks.md.",
    "enforcement": "`levels`: how hard a rule or an area is (`advisory`, `soft` or `hard`), and for which "
    "`rollout_percent` of the projects it denies; a rule's own row counts whole before its area's, and without one it "
    "is hard. `break_glass`: rules that do not deny while the glass is broken. `surge`: a rule that is rolled out is "
    "stopped when it denied `denials` submissions of `people` people in `minutes`, and more than `percent` of all.",
    "keys": "How old a key may be, in seconds, by workload class.",
    "labels": "`resembling`: what happens to a job with a circuit that resembles a more sensitive one: `ignore`, "
    "`warn` or `deny`.",
    "limits": "Limits of circuits and jobs, by workload class; `roles` has exceptions, the most generous counts.",
    "obligations": "What the gateway must do about jobs that may go: rows of `disclosure`, `run` and `size`, each with "
    "the values that a job must have (`when`) and with what follows. See docs/how-to/obligations.md.",
    "placement": "`order`: which places are tried, one after the other, of `requested`, `alternative` (other hardware "
    "of the same vendor), `vendor` (another vendor's) and `simulator`; `simulator`: vendor and region of those that "
    "take the place of hardware.",
    "provenance": "`may_lack`: which fields of `qgw.provenance/1` a job may lack, by workload class; `*` is all of "
    "them.",
    "programs": "Which programs may run, by workload class.",
    "residency": "Where data of each class may go: rows of patterns for execution kind, vendor and region.",
    "roles": "What each role may do, and on which backends (patterns) it may submit.",
    "witnesses": "How many witnesses must have seen the ledger in the last `age_seconds`, by classification and by "
    "workload class, and how many must have seen that a risky action is announced before it is done (`actions`); "
    "`settings` is as many as the setting witnesses_required demands.",
    "wire": "What happens to unknown fields of a submission, by workload class: `allow`, `warn` or `deny`.",
}
"""What each table of `policies/org` holds, by name."""

AREAS: Final[Mapping[str, str]] = {
    "access": "Who may submit, and to what.",
    "approval": "Which jobs go only once a second person has approved them. Rows stand in `data.org.approvals`.",
    "backend": "Whether the backend asked for can take the job. These rules may also divert it to a simulator.",
    "budget": "Whether what is left of budgets and quotas is enough. These rules may also divert it to a simulator.",
    "circuits": "What may be asked of one job. Limits stand in `data.org.limits`.",
    "data": "Where data may go.",
    "facts": "Whether enough is known to decide at all.",
    "ledger": "Whether outsiders would notice if history were rewritten.",
    "obligations": "What the gateway must do about a job that may go, as `data.org.obligations` says.",
    "provenance": "Whether it can be told later where a result comes from.",
    "simulator": "What a simulator can do; these rules concern jobs that would run on one.",
    "wire": "What arrived.",
}
"""What the rules of each area are about."""

_HEAD = """# Policies

Every submission is judged by Rego policies: the tree `policies/`, read by the embedded engine (regorus) or by an OPA
server, with the same decision. This page is made from the METADATA of the rules by `make docs`.

A decision is one object, `data.gateway.main.decision`:

```json
{"allow": false, "deny": [{"rule": "circuits/depth", "message": "…", "remedy": "…"}], "warn": [],
 "placement": null, "obligations": []}
```

A job goes only when no rule denies it, every rule below was evaluated, and there is a place for it to run. What is
unknown denies. `placement` says `requested` or `simulator`, and why. A rule of the areas `backend` and `budget` may
*divert* a job: then a simulator takes the place of the hardware if the caller consents, and otherwise the diversion is
a denial. The most specific word counts as consent: the job tag `qgw:simulator=allow` or `qgw:simulator=deny`, then
asking for a `sim_…` backend by name, then the key, then the project.

Where `data.org.placement.order` names other hardware, a job that only rules of the area `backend`, or what is left of
its budgets there, stand in the way of is judged again for such backends, by all rules, on facts of their own whose
`backend.step` says why each is considered. The first that is allowed is taken. The job tag `qgw:placement=requested`
refuses that.

Denials whose rule begins with `engine/` come from the gateway itself, because no decision could be had:
`engine/timeout`, `engine/unavailable`, `engine/error`, `engine/undefined`, `engine/malformed`, `engine/revision`,
`engine/version`. Nothing was forwarded then, and trying again may work. `engine/obligation` is another matter: a
decision was had, and obliges the gateway to something that it cannot do for this job there, as the message and the
entry (`unkept`) say. Trying the same again cannot help; another job, another backend or another table can.

## Change the policies

Put what you change into a directory of your own and name it in `policy.overrides`:

| You want to | Put there |
|---|---|
| change a table | `org/<name>/data.json`, which replaces ours whole |
| add a rule | `gateway/rules/<area>/<rule>/<rule>.rego`, and `<rule>_test.rego` beside it |
| change what is decided at start to see that the engine works | `selftest/<name>.json` |

Anything else in that directory is refused. `gateway policy check` finds mistakes, in tables too: keys and values that
are misspelt, and tables that nothing reads. `gateway policy test` runs the tests on either engine, and
`gateway policy eval` decides a case. Every decision in the ledger names the SHA-256 revisions of the rules and of the
tables it was made with. An OPA server pulls both as signed bundles (docs/how-to/opa.md); the gateway refuses answers
that come from another revision.

A self-test holds `facts`, whether they are to be allowed (`allow`), which rules must be among those that deny them
(`deny`), and the digests of the tables it rests on (`tables`): where you have another table, it says nothing.

A rule uses the portable subset of Rego only, because the engines differ elsewhere: an allow-list of built-in
functions, whole numbers, `%s %d %v %q` in `sprintf`, no template strings, no `not` before a call or a key in brackets
that is given something undefined (OPA takes such a line for undefined, regorus for true), and no `x.part` in what
`contains` adds that the body does not name, where the part may be missing (OPA leaves the element out, regorus fails or
leaves all of them out). The facts a rule may use are described in
`policies/schemas/input.json`.

"""
_OBLIGATIONS = """## Obligations

What a rule may oblige the gateway to do about a job that it lets go, as `result.obligation(kind, parameters)`; this
list is closed. A kind that is not here, parameters that do not fit, or something that cannot be done deny the job with
the rule `engine/obligation`. Several of one kind are kept together: the least number, the regions that all of them
name.

| Kind | Parameters | What is done |
|---|---|---|
"""
_TABLES = """
## Tables

| Table | Holds |
|---|---|
"""


def page(bundle: Bundle) -> str:
    """Write the page."""
    tables = "".join(f"| `data.org.{name}` | {TABLES[name]} |\n" for name in sorted(bundle.data["org"]))
    areas = groupby(sorted(rules(bundle).items()), key=lambda each: each[0].partition("/")[0])
    obligations = "".join(f"| `{kind}` | {each.takes} | {each.does} |\n" for kind, each in KNOWN.items())
    told = "".join(_area(area, dict(found)) for area, found in areas)
    return f"{_HEAD}{_OBLIGATIONS}{obligations}{_TABLES}{tables}{told}"


def rules(bundle: Bundle) -> Mapping[str, Metadata]:
    """Give the metadata of every rule, by its id."""
    return dict(_rules(bundle))


def _rules(bundle: Bundle) -> Iterator[tuple[str, Metadata]]:
    for path, text in bundle.rego.items():
        if path.startswith("gateway/rules/"):
            _, _, area, rule, _ = path.split("/")
            yield f"{area}/{rule.replace('_', '-')}", metadata.read(text)


def _area(area: str, found: Mapping[str, Metadata]) -> str:
    return f"\n## Rules: {area}\n\n{AREAS[area]}\n" + "".join(_rule(name, about) for name, about in found.items())


def _rule(name: str, about: Metadata) -> str:
    return f"\n### {name}\n\n{about.title}. {about.description}\n\nSeverity {about.severity}, owner {about.owner}.\n"
