"""What this release knows of its own rules, whoever has changed them since, and what any revision must make of it.

A revision brings self-tests of its own, and whoever weakens a rule can weaken its self-test with it. So those of the
release count besides: they are read from its own files, held against digests that are part of the program, and decided
by the rules of the revision with the release's tables laid under them. What an operator wrote into tables can thus
neither excuse nor condemn a rule.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from gateway.policy.bundle import Bundle, SelfTest, default_root, load
from gateway.policy.released import SELFTESTS, TABLES

_LEVELS: Final = "enforcement"
"""The table that says how strictly rules are meant; it must not decide whether they work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The release's self-tests, the tables they rest on, and which of its own files are not as they were released."""

    known: tuple[SelfTest, ...] = field(repr=False)
    tables: Mapping[str, Any] = field(repr=False)
    """Path to table, of those that self-tests rest on."""
    altered: tuple[str, ...] = ()
    """Names of self-tests that are missing or others, and of tables that are."""

    def under(self, bundle: Bundle) -> Bundle:
        """Give the rules of a revision with the release's tables in place of its own, where self-tests rest on them."""
        names = {_name(path) for path in self.tables}
        kept = {path: table for path, table in bundle.tables.items() if _name(path) not in names}
        return Bundle(rego=bundle.rego, tests={}, tables={**kept, **self.tables}, selftests=())


@cache
def baseline() -> Baseline:
    """Read what came with the release, once: later changes of its files are changes of somebody's policies."""
    return of(load(default_root()))


def of(release: Bundle) -> Baseline:
    """Hold a tree against what was released."""
    found = {each.name: digest(each) for each in release.selftests}
    names = _resting(release)
    altered = {name for name, pin in SELFTESTS.items() if found.get(name) != pin}
    altered |= {name for name, pin in TABLES.items() if release.table_digests.get(name) != pin}
    return Baseline(
        known=tuple(each for each in release.selftests if each.name in SELFTESTS),
        tables={path: table for path, table in release.tables.items() if _name(path) in names},
        altered=tuple(sorted(altered)),
    )


def digest(known: SelfTest) -> str:
    """Name a self-test by all that it says."""
    return hashlib.sha256(known.text.encode()).hexdigest()


def pinned(release: Bundle) -> str:
    """Write the module that pins a tree; the tree's maker runs this."""
    parts = {
        "SELFTESTS": {each.name: digest(each) for each in release.selftests},
        "TABLES": {name: release.table_digests[name] for name in sorted(_resting(release))},
    }
    told = "".join(
        f"{name}: Final[Mapping[str, str]] = {{\n"
        + "".join(f'    "{key}": "{value}",\n' for key, value in values.items())
        + "}\n"
        for name, values in parts.items()
    )
    return (
        '"""SHA-256 of each self-test of this release, and of each table that one rests on; see `policy.baseline`.\n\n'
        "Written by `python -m tests.policy.known`, never by hand: whoever can change policies on a machine cannot "
        'thereby\nchange this.\n"""\n\n'
        "from collections.abc import Mapping\nfrom typing import Final\n\n" + told
    )


def _resting(release: Bundle) -> set[str]:
    """Name the tables that must be as released for its self-tests to say what they say."""
    return {name for each in release.selftests for name in each.tables} | ({_LEVELS} & release.table_digests.keys())


def _name(path: str) -> str:
    """Name the table of `org` that a file is, or is a part of."""
    return path.split("/")[1]
