"""Organisations with tables of their own, since what ships is mostly empty: one filled by hand, others by seed.

`FILLED` is what an operator could have written, and golden decisions are promised for it. What a seed makes is also
wrong here and there: levels nobody knows, rows that cannot be understood.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any, Final, TypeAlias

from gateway.policy.bundle import Bundle

Table: TypeAlias = dict[str, Any]

FILLED: Final[Mapping[str, Table]] = {
    "approvals": {
        "rows": [
            {"reason": "much work", "permission": "job.approve", "hours": 24, "if": {"shots_over": 999}},
            {
                "reason": "costly hardware",
                "role": "lead",
                "hours": 48,
                "if": {"kinds": ["hardware"], "cost_over": {"EUR": 1_000_000}, "projects": ["cata*", "fold*"]},
            },
            {
                "reason": "production of restricted work",
                "permission": "job.approve_any",
                "hours": 8,
                "if": {
                    "backends": ["sim_*", "ibm_*"],
                    "classifications": ["confidential", "restricted"],
                    "workload_classes": ["production"],
                },
            },
        ]
    },
    "enforcement": {
        "levels": {
            "circuits": {"level": "soft"},
            "circuits/qubits": {"level": "advisory"},
            "data/residency": {"level": "soft", "rollout_percent": 40},
            "provenance": {"level": "hard", "rollout_percent": 60},
            "ledger": {"level": "advisory"},
            "simulator/options": {"level": "soft", "rollout_percent": 100},
        }
    },
    "labels": {"resembling": "deny"},
    "obligations": {
        "size": [
            {"when": {"workload": ["experimental"], "kind": ["simulator"]}, "shots": 100},
            {"when": {"classification": ["confidential", "restricted"]}, "shots": 50, "split_shots": 20},
            {"when": {"program": ["sampler"], "kind": ["hardware"]}, "split_shots": 400},
        ],
        "disclosure": [
            {
                "when": {"classification": ["confidential", "restricted"]},
                "strip": ["metadata", "names"],
                "relabel_registers": True,
            },
            {"when": {"vendor": ["ibm"], "team": ["chemistry"]}, "private": True, "add_tags": ["cost-center=42"]},
        ],
        "run": [
            {"when": {"kind": ["hardware"]}, "calibration_seconds": 86_400, "regions": ["eu-de", "eu-west-1"]},
            {"when": {}, "execution_seconds": 600, "session_seconds": 3600},
            {"when": {"backend": ["ibm_lund"], "program": ["sampler"]}, "backends": ["sim_line_5"]},
        ],
    },
}
"""Tables by name; what they do not say of a table stays as it ships."""
_LEAKS: Final[Table] = {
    "email-address": {"action": "strip"},
    "marked-restricted": {"action": "deny"},
    "password": {"action": "raise", "label": "confidential"},
}
"""What it does with rules of `data.org.dlp`."""


def filled(bundle: Bundle) -> Bundle:
    """Fill the tables by hand."""
    said = {name: {**_table(bundle, name), **table} for name, table in FILLED.items()}
    dlp = _table(bundle, "dlp")
    for rule, changes in _LEAKS.items():
        dlp["rules"][rule] = {**dlp["rules"].get(rule, {}), **changes}
    return _with(bundle, {**said, "dlp": dlp})


def made(bundle: Bundle, seed: int) -> Bundle:
    """Fill them by seed, most of them to be understood."""
    maker = _Maker(bundle, Random(seed))
    tables = {
        "approvals": {"rows": maker.some(maker.approval)},
        "dlp": {"rules": maker.leak_rules()},
        "enforcement": {**_table(bundle, "enforcement"), **maker.enforcement()},
        "labels": {"resembling": maker.one("ignore", "warn", "deny", odd="perhaps")},
        "obligations": {
            "size": maker.some(maker.size),
            "disclosure": maker.some(maker.disclosure),
            "run": maker.some(maker.run),
        },
    }
    return _with(bundle, tables)


def rules(bundle: Bundle) -> list[str]:
    """Name every rule."""
    paths = [path.split("/") for path in bundle.rego if path.startswith("gateway/rules/")]
    return sorted(f"{area}/{rule.replace('_', '-')}" for _, _, area, rule, _ in paths)


def _table(bundle: Bundle, name: str) -> Table:
    table: Table = deepcopy(bundle.tables[f"org/{name}/data.json"])
    return table


def _with(bundle: Bundle, tables: Mapping[str, Table]) -> Bundle:
    return replace(bundle, tables={**bundle.tables, **{f"org/{name}/data.json": each for name, each in tables.items()}})


_ODD: Final = 0.02
"""How often something that makes no sense stands where it should."""
_CONDITIONS: Final[Mapping[str, tuple[Any, ...]]] = {
    "backend": ("sim_line_5", "ibm_lund", "ibm_oslo"),
    "classification": ("public", "internal", "confidential", "restricted"),
    "dialect": ("ibm", "ionq"),
    "kind": ("hardware", "simulator"),
    "program": ("sampler", "estimator"),
    "project": ("catalysis", "folding"),
    "region": ("local", "eu-de"),
    "team": ("chemistry", "physics"),
    "vendor": ("gateway", "ibm", None),
    "workload": ("experimental", "production"),
}
_ASKED: Final[Mapping[str, tuple[Any, ...]]] = {
    "projects": (["cata*"], ["*"], ["folding"], []),
    "backends": (["sim_*"], ["ibm_lund"], ["*"]),
    "kinds": (["hardware"], ["simulator", "hardware"]),
    "classifications": (["internal"], ["confidential", "restricted"]),
    "workload_classes": (["production"], ["experimental"]),
    "shots_over": (0, 999, 1000, 10**9),
    "cost_over": ({"EUR": 1_000_000}, {"EUR": 0}, {"USD": 10**9}),
}


class _Maker:
    """Draws rows."""

    def __init__(self, bundle: Bundle, random: Random) -> None:
        self._random, self._bundle = random, bundle

    def one(self, *values: Any, odd: Any) -> Any:
        """Draw a value; seldom one that makes no sense there."""
        return odd if self._random.random() < _ODD else self._random.choice(values)

    def some(self, row: Callable[[], Table]) -> Any:
        """Draw a few rows; seldom something that is no list of rows."""
        return self.one([row() for _ in range(self._random.choice((0, 1, 2, 3)))], odd={"no": "rows"})

    def approval(self) -> Table:
        """Draw what makes a job wait."""
        who = self.one({"permission": "job.approve"}, {"role": "lead"}, odd={"role": "no-such-role"})
        asked = {name: self._random.choice(values) for name, values in self._drawn(_ASKED, 3)}
        return {
            "reason": f"row {self._random.randrange(100)}",
            "hours": self.one(1, 24, odd="a day"),
            "if": asked,
            **who,
        }

    def size(self) -> Table:
        """Draw how often circuits may run."""
        return self._row({"shots": (1, 999, 1000, 10**6), "split_shots": (1, 100, 1000, 10**6)})

    def disclosure(self) -> Table:
        """Draw what is not told."""
        duties = {
            "strip": (["names"], ["metadata", "tags"]),
            "relabel_registers": (True, False),
            "private": (True, False),
            "add_tags": (["a=1"], ["b=2", "c=3"]),
        }
        return self._row(duties)

    def run(self) -> Table:
        """Draw how long and where jobs run."""
        duties = {
            "backends": (["sim_line_5"],),
            "calibration_seconds": (60, 86_400),
            "execution_seconds": (1, 600),
            "regions": (["eu-de"], ["local", "eu-de"]),
            "session_seconds": (3600,),
        }
        return self._row(duties)

    def enforcement(self) -> Table:
        """Draw levels of rules and areas, and what break-glass lifts."""
        named = rules(self._bundle)
        areas = sorted({name.split("/")[0] for name in named})
        drawn = [*self._random.sample(named, len(named) // 3), *self._random.sample(areas, 3), "no-such/rule"]
        lifted = self._random.sample(named, len(named) // 2)
        return {"levels": {name: self._level() for name in drawn}, "break_glass": self.one(lifted, [], odd="all")}

    def leak_rules(self) -> Table:
        """Draw what is done about texts."""
        table: Table = _table(self._bundle, "dlp")["rules"]
        for rule in table.values():
            rule["action"] = self.one("deny", "raise", "strip", "warn", odd="frown")
            rule["label"] = "confidential"
        del table[self._random.choice(sorted(table))]
        return table

    def _level(self) -> Any:
        row = {"level": self.one("hard", "soft", "soft", "advisory", odd="stern")}
        share = self.one(None, 0, 20, 43, 99, 100, odd="half")
        return self.one(row if share is None else {**row, "rollout_percent": share}, odd="soft")

    def _row(self, duties: Mapping[str, tuple[Any, ...]]) -> Table:
        drawn = {name: self._random.choice(values) for name, values in self._drawn(duties, 2)}
        return {"when": self._when(), **self.one(drawn, odd={"sing": True})}

    def _when(self) -> Any:
        drawn = {
            name: self._random.sample(values, self._random.randint(1, len(values)))
            for name, values in self._drawn(_CONDITIONS, 2)
        }
        return self.one(drawn, odd={"moon": ["full"]})

    def _drawn(self, of: Mapping[str, tuple[Any, ...]], most: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for name in self._random.sample(sorted(of), self._random.randint(0, most)):
            yield name, of[name]
