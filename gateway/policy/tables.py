"""The tables of `org` that operators edit, as our rules read them: a misspelt word would deny everything, or nothing.

A table is held against its shape where the Rego that reads ours is in the bundle; whoever brings other policies may
have other tables of that name. What the engine would take and nobody can have meant is found, too.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, get_args

from gateway.domain.changes import ADD_TAGS, LEAKS, STRIP
from gateway.domain.classification import Classification
from gateway.domain.decision import Step
from gateway.policy import nouns
from gateway.policy.bundle import Bundle
from gateway.policy.obligations import KNOWN, LONGEST_REASON, MOST_HOURS, PIN_REGION, PLACE_ELSEWHERE, kept
from gateway.policy.shapes import (
    FLAG,
    TEXT,
    Problem,
    Shape,
    anything,
    each_under,
    fits,
    in_turn,
    keys,
    list_of,
    nearest,
    one_of,
    or_null,
    whole,
)
from gateway.ports import registry

PROGRAMS: Final = ("sampler", "estimator", "executor")
OURS: Final = "gateway"
"""The vendor of our simulators."""
LIMITS: Final = ("circuits_per_job", "depth", "qubits", "shots_per_circuit", "total_shots", "two_qubit_gates")
_RULES: Final = "gateway/rules"
_READERS: Final[Mapping[str, str]] = {
    "approvals": "gateway/approvals/approvals.rego",
    "budgets": "gateway/budgets/budgets.rego",
    "calibration": f"{_RULES}/backend/calibration_age/calibration_age.rego",
    "enforcement": "gateway/enforcement/enforcement.rego",
    "keys": f"{_RULES}/access/key_age/key_age.rego",
    "labels": f"{_RULES}/data/remembered/remembered.rego",
    "limits": "gateway/limits/limits.rego",
    "obligations": "gateway/obliged/obliged.rego",
    "placement": "gateway/placement/placement.rego",
    "programs": f"{_RULES}/circuits/program/program.rego",
    "provenance": "gateway/provenance/provenance.rego",
    "residency": f"{_RULES}/data/residency/residency.rego",
    "roles": "gateway/caller/caller.rego",
    "wire": f"{_RULES}/wire/unknown_fields/unknown_fields.rego",
    "witnesses": "gateway/witnesses/witnesses.rego",
}
"""What reads each table as it is typed here."""
_COMMENT: Final = re.compile(r"^\s*#.*$", re.MULTILINE)
_NAMED: Final = re.compile(r'(?<![\w."])data\.org(?:\.(\w+)|\["([^"]+)"\])?')
_WHOLE: Final = re.compile(r'(?<![\w."-])data(?=[\[,)])|^import data$', re.MULTILINE)

_LABEL: Final = one_of("classification", tuple(Classification))
_KIND: Final = one_of("kind", get_args(nouns.Kind))
_WORKLOAD: Final = one_of("workload class", get_args(nouns.Workload))
_PROGRAM: Final = one_of("program", PROGRAMS)
_COUNT: Final = whole(1)
_NAME: Final = fits(lambda value: isinstance(value, str) and "*" not in value, "a name, and no pattern")
_TEXTS: Final = list_of(TEXT)
_WITNESSES: Final = fits(lambda value: value == "settings" or type(value) is int, 'a whole number or "settings"')


def problems(bundle: Bundle) -> Iterator[tuple[str, Problem]]:
    """Give the path of a table, and what is wrong with it."""
    house = _House(bundle)
    shapes = house.shapes
    for name, table in house.org.items():
        if _READERS.get(name) in bundle.rego:
            yield from ((_path(bundle, name), problem) for problem in shapes[name](table, ""))
        elif not house.reads(name):
            words = f"nothing reads the table {name}; {nearest(name, house.read)}"
            yield _path(bundle, name), Problem("", words)


def _path(bundle: Bundle, name: str) -> str:
    return next((path for path in bundle.tables if path.startswith(f"org/{name}/")), "org/data.json")


@dataclass(frozen=True)
class _House:
    """What the tables of a bundle may name."""

    bundle: Bundle

    @property
    def org(self) -> Mapping[str, Any]:
        """The tables, by name."""
        return _object(self.bundle.data.get("org"))

    @cached_property
    def code(self) -> Mapping[str, str]:
        """What decides, by path, without comments."""
        return {path: _COMMENT.sub("", text) for path, text in self.bundle.rego.items()}

    @cached_property
    def read(self) -> frozenset[str]:
        """The tables that some Rego names; empty text stands for all of them at once."""
        named = {dotted or quoted for text in self.code.values() for dotted, quoted in _NAMED.findall(text)}
        return frozenset(named | ({""} if any(map(_WHOLE.search, self.code.values())) else set()))

    def reads(self, name: str) -> bool:
        """Say whether some Rego reads a table."""
        return name in self.read or "" in self.read

    def asks(self, table: str) -> Callable[[str], bool]:
        """Say of a key whether a rule that is not ours asks a table for it."""
        files = [text for path, text in self.code.items() if path != _READERS[table] and f"data.org.{table}" in text]
        return lambda name: any(re.search(rf'[."]{re.escape(name)}\b', text) for text in files)

    def limited(self, name: str) -> bool:
        """Say whether a rule asks for a limit of its own."""
        return any(f'limits.of("{name}")' in text for text in self.code.values()) or self.asks("limits")(name)

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Give the shape of each table."""
        return {
            "approvals": self._approvals(),
            "budgets": keys({"over": one_of("answer", ("simulator", "refuse"))}),
            "calibration": keys({"max_age_seconds": _by_workload(or_null(whole()))}),
            # What they hold, `gateway.policy.levels` looks at.
            "enforcement": keys({}, dict.fromkeys(("break_glass", "levels", "surge"), anything)),
            "keys": keys({"max_age_seconds": _by_workload(whole())}),
            "labels": keys({"resembling": one_of("answer", ("ignore", "warn", "deny"))}),
            "limits": self._limits(),
            "obligations": self._obligations(),
            "placement": keys({"order": list_of(one_of("step", tuple(Step))), "simulator": _PLACE}),
            "programs": _by_workload(list_of(_PROGRAM)),
            "provenance": keys({"may_lack": _by_workload(_TEXTS)}),
            "residency": each_under(_LABEL, list_of(keys({"kind": TEXT, "vendor": TEXT, "region": TEXT}))),
            "roles": each_under(TEXT, keys({"permissions": _TEXTS, "backends": _TEXTS}, {"description": TEXT})),
            "wire": keys({"unknown_fields": _by_workload(one_of("answer", ("allow", "warn", "deny")))}),
            "witnesses": _witnesses(),
        }

    def _limits(self) -> Shape:
        names = dict.fromkeys(LIMITS, whole())
        usual = keys(names, more=self.limited)
        exceptions = each_under(one_of("role", self._roles), keys({}, names, more=self.limited))
        return _by_workload(keys({"default": usual, "roles": exceptions}))

    def _approvals(self) -> Shape:
        row = keys(
            {
                "reason": fits(_is_reason, f"1 to {LONGEST_REASON} printable characters"),
                "hours": whole(1, MOST_HOURS),
                "if": _COUNTED,
            },
            {"permission": one_of("permission of any role", self._permissions), "role": one_of("role", self._roles)},
        )
        return keys({"rows": list_of(in_turn(row, _one_approver))}, more=self.asks("approvals"))

    def _obligations(self) -> Shape:
        tables = {name: list_of(self._row(duties)) for name, duties in _DUTIES.items()}
        return keys(tables, more=self.asks("obligations"))

    def _row(self, duties: Mapping[str, Shape]) -> Shape:
        words = f"a row that says what follows, by any of {', '.join(duties)},"
        return in_turn(keys({"when": self._conditions()}, duties), fits(lambda row: len(row) > 1, words))

    def _conditions(self) -> Shape:
        adapters = registry.installed().values()
        dialects = [each.name for each in adapters if each.dialect is not None]
        vendors = [OURS, *(each.name for each in adapters if each.vendor is not None)]
        values = {
            "backend": _NAME,
            "classification": _LABEL,
            "dialect": one_of("dialect", dialects),
            "kind": _KIND,
            "program": _PROGRAM,
            "project": _NAME,
            "region": _NAME,
            "team": _NAME,
            "vendor": one_of("vendor", vendors, advice=True),
            "workload": _WORKLOAD,
        }
        return keys({}, {name: list_of(shape) for name, shape in values.items()})

    @property
    def _roles(self) -> Mapping[str, Any]:
        return _object(self.org.get("roles"))

    @property
    def _permissions(self) -> set[str]:
        listed = (_object(role).get("permissions") for role in self._roles.values())
        return {each for some in listed if isinstance(some, list) for each in some if isinstance(each, str)}


def _by_workload(shape: Shape) -> Shape:
    return keys(dict.fromkeys(get_args(nouns.Workload), shape))


def _duty(kind: str, parameter: str) -> Shape:
    """Take what an obligation takes as one of its parameters."""
    return in_turn(
        _TEXTS, fits(lambda value: kept(kind, {parameter: value}), f"what {kind} takes, {KNOWN[kind].takes},")
    )


def _witnesses() -> Shape:
    by_class = keys(dict.fromkeys(Classification, _WITNESSES))
    must = {"age_seconds": whole(), "classification": by_class, "workload_class": _by_workload(_WITNESSES)}
    return keys(must, {"actions": each_under(TEXT, _WITNESSES)})


def _is_reason(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_REASON and value.isprintable()


def _one_approver(row: Mapping[str, Any], where: str) -> Iterator[Problem]:
    if ("permission" in row) == ("role" in row):
        yield Problem(where, "a row names who may approve by one of permission and role")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_PLACE: Final = keys({"vendor": TEXT, "region": TEXT})
_COUNTED: Final = keys(
    {},
    {
        "projects": _TEXTS,
        "backends": _TEXTS,
        "kinds": list_of(_KIND),
        "classifications": list_of(_LABEL),
        "workload_classes": list_of(_WORKLOAD),
        "shots_over": whole(),
        "cost_over": each_under(TEXT, whole()),
    },
)
"""Which jobs a row of approvals counts."""
_DUTIES: Final[Mapping[str, Mapping[str, Shape]]] = {
    "size": {"shots": _COUNT, "split_shots": _COUNT},
    "disclosure": {
        "strip": in_turn(list_of(one_of("part", LEAKS)), _duty(STRIP, "of")),
        "relabel_registers": FLAG,
        "private": FLAG,
        "add_tags": _duty(ADD_TAGS, "tags"),
    },
    "run": {
        "backends": _duty(PLACE_ELSEWHERE, "backends"),
        "calibration_seconds": _COUNT,
        "execution_seconds": _COUNT,
        "regions": _duty(PIN_REGION, "regions"),
        "session_seconds": _COUNT,
    },
}
"""What a row of obligations may say, by table."""
