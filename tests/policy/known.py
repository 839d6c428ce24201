"""What is decided at every start to see that each rule works: a few facts, and the rules that must deny them.

Run `python -m tests.policy.known` to write `policies/selftest`, and what pins it for the release, anew after a change
of facts or rules. Values lie far beyond every limit, or below it, so that an operator's own tables decide them alike.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.policy import baseline
from gateway.policy.bundle import default_root, load
from tests.policy.golden import FOLDER

PLACE = default_root() / "selftest"
FAR = 10**15
"""Beyond every limit, and still a whole number for every reader of JSON."""
_CIRCUIT = {"depth": FAR, "qubits_used": FAR, "qubits_declared": FAR, "two_qubit_gates": FAR, "shots": FAR}
_MONEY = {
    "name": "self-test",
    "level": "project",
    "unit": "money",
    "period": "month",
    "upstream": "",
    "currency": "EUR",
    "allowed": 1,
    "soft": None,
    "held": 0,
    "settled": 1,
    "needed": FAR,
    "resets_at": "2026-12-01T00:00:00.000000Z",
}
_SHOTS = {**_MONEY, "unit": "shots", "currency": ""}
_FOREIGN = {**_MONEY, "currency": "XTS", "allowed": FAR}


@dataclass(frozen=True, kw_only=True)
class Known:
    """One self-test."""

    story: str
    """The golden facts it begins with."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    deny: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    """Tables that an operator may fill so that these facts go."""


_TOO_MUCH = {"circuit_count": FAR, "total_shots": FAR, "max_shots": FAR}
_STRICT = {"enforcement": {"strict": True}}
"""So that an operator's own levels decide nothing of it."""
_LITTLE = {"depth": 1, "qubits_used": 1, "qubits_declared": 1, "two_qubit_gates": 0, "two_qubit_depth": 0, "shots": 1}
"""So little that no operator's limit is below it."""
_LITTLE_WORK = {"circuit_count": 1, "total_shots": 1, "max_shots": 1}
_NO_CONSENT = {"simulator_consent": False}

KNOWN: Mapping[str, Known] = {
    "allow": Known(story="allow-emulated-device", changes={"job": _LITTLE_WORK, "circuits": _LITTLE}),
    "deny-caller": Known(
        story="allow-emulated-device",
        changes={
            "principal": {"disabled": True},
            "project": {"backends": ["no-such-backend"]},
            "key": {"roles": ["no-such-role"]},
            "job": {"tags": ["qgw:no-such-tag"], **_NO_CONSENT},
        },
        deny=(
            "access/backend-allow-list",
            "access/principal-enabled",
            "access/role-may-submit",
            "backend/simulator-consent",
            "data/gateway-tags",
        ),
    ),
    "deny-old-key": Known(
        story="allow-emulated-device",
        changes={"key": {"age_seconds": FAR}},
        deny=("access/key-age",),
        tables=("keys",),
    ),
    "deny-circuits": Known(
        story="allow-emulated-device",
        changes={"job": {"program": "no-such-program", **_TOO_MUCH}, "circuits": _CIRCUIT},
        deny=(
            "backend/capacity",
            "circuits/depth",
            "circuits/per-job",
            "circuits/program",
            "circuits/qubits",
            "circuits/shots",
            "circuits/two-qubit-gates",
        ),
    ),
    "deny-hardware": Known(
        story="allow-hardware",
        changes={"backend": {"online": False}, "quote": None, "job": _NO_CONSENT},
        deny=("backend/online", "backend/priced"),
    ),
    "deny-approved-by-its-submitter": Known(story="deny-approved-by-its-submitter", deny=("approval/required",)),
    "deny-stale": Known(
        story="deny-stale-calibration",
        changes={"calibration": {"age_seconds": FAR}, "job": _NO_CONSENT},
        deny=("backend/calibration-age",),
        tables=("calibration",),
    ),
    "deny-absent": Known(story="deny-absent-backend", changes={"job": _NO_CONSENT}, deny=("backend/known",)),
    "deny-leaks": Known(story="deny-a-key-in-tags-and-a-comment", deny=("data/leaks",), tables=("dlp",)),
    "deny-step": Known(
        story="deny-elsewhere-is-no-step", changes={"backend": {"step": "nowhere"}}, deny=("backend/placement-order",)
    ),
    "deny-budgets": Known(
        story="allow-hardware",
        changes={"budget": {"limits": [_MONEY, _SHOTS, _FOREIGN]}, "job": _NO_CONSENT},
        deny=("budget/currency", "budget/money", "budget/quota"),
    ),
    "deny-budgets-unknown": Known(story="allow-hardware", changes={"budget": {"limits": None}}, deny=("budget/known",)),
    "deny-simulator": Known(
        story="allow-emulated-device",
        changes={"simulator": {"feasible": False, "options_refused": ["no-such-option"]}},
        deny=("simulator/feasible", "simulator/options"),
    ),
    "deny-residency": Known(
        story="allow-production",
        changes={"backend": {"region": "nowhere", "vendor": "nobody"}, "job": {"classification": "restricted"}},
        deny=("data/residency",),
        tables=("calibration", "placement", "residency"),
    ),
    "deny-remembered": Known(
        story="allow-emulated-device",
        changes={"job": {"remembered_classification": "restricted"}},
        deny=("data/remembered",),
    ),
    "deny-unreadable": Known(story="deny-unreadable", deny=("wire/readable",)),
    "deny-unknown-fields": Known(
        story="deny-unknown-fields-in-production", deny=("wire/unknown-fields",), tables=("wire",)
    ),
    "deny-other-facts": Known(
        story="allow-emulated-device", changes={"schema": "qgw.facts/none"}, deny=("facts/complete",)
    ),
    "deny-origin": Known(
        story="deny-production-of-unknown-origin", deny=("provenance/complete",), tables=("provenance",)
    ),
    "deny-obligations": Known(
        story="allow-emulated-device",
        changes={"project": {"name": None}, "circuits": {"shots": None}},
        deny=("obligations/disclosure", "obligations/run", "obligations/size"),
    ),
    "deny-unwitnessed": Known(
        story="deny-restricted-on-a-broken-ledger", deny=("ledger/witnessed",), tables=("witnesses",)
    ),
}
"""By name of the file."""


def content(name: str) -> dict[str, Any]:
    """Give what stands in the file."""
    known = KNOWN[name]
    facts = _merged(json.loads((FOLDER / f"{known.story}.json").read_text("utf-8")), {**_STRICT, **known.changes})
    made = {"allow": not known.deny, "facts": facts}
    if known.deny:
        made["deny"] = list(known.deny)
    if known.tables:
        made["tables"] = {each: load(default_root()).table_digests[each] for each in known.tables}
    return made


def _merged(facts: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay changes over facts: objects are merged, one object over a list changes all in it, the rest is replaced."""
    merged: dict[str, Any] = copy.deepcopy(facts)
    for name, change in changes.items():
        held = merged.get(name)
        if isinstance(change, dict) and isinstance(held, list):
            merged[name] = [_merged(each, change) for each in held]
        else:
            merged[name] = _merged(held, change) if isinstance(change, dict) and isinstance(held, dict) else change
    return merged


def text(name: str) -> str:
    """Write it for people."""
    return json.dumps(content(name), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def files() -> Mapping[Path, str]:
    """Give every file and its text."""
    return {PLACE / f"{name}.json": text(name) for name in KNOWN}


def pins() -> Path:
    """Give the module that pins what is written here for the release."""
    return Path(baseline.__file__).with_name("released.py")


def main() -> None:
    """Write every file."""
    for old in PLACE.glob("*.json"):
        old.unlink()
    for path, written in files().items():
        path.write_text(written, "utf-8")
    pins().write_text(baseline.pinned(load(default_root())), "utf-8")


if __name__ == "__main__":
    main()
