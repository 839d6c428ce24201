"""A policy bundle: Rego and data read once, checked, and named by what is in them.

A tree holds `gateway/…/*.rego` (folder = package), `org/<name>/data.json` (tables, at `data.org.<name>`) and
`selftest/*.json`. An operator's overrides are a second tree: its `org` tables and self-tests replace ours by
name, its Rego adds rules under `gateway/rules`, and anything else in it is refused, so that no override can
reach the decision itself. Revisions are SHA-256 over the sorted hashes of the files, hexadecimal; tests and
their builders count for neither. Layout: docs/reference/policies.md.
"""

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from gateway.domain.errors import InsecureError
from gateway.domain.leaks import LeakRules
from gateway.policy import leak_rules

ENTRYPOINT = "data.gateway.main.decision"
ROOTS = ("gateway", "org")
SETTINGS = ("policy.directory", "policy.overrides")
"""What name the tree and what lies over it, where nobody says otherwise."""
TESTING = "gateway/testing/"
"""Builders of facts for tests; like tests, no part of what decides."""

_PACKAGE = re.compile(r"^package ([a-z0-9_.]+)[ \t]*(?:#.*)?$", re.MULTILINE)
_ADDED_RULE = re.compile(r"gateway/rules/[a-z0-9_]+/([a-z0-9_]+)/\1(_test)?\.rego")
_IGNORED = ("README.md", ".manifest")
_PAGES = "docs/"
"""Where the pages of added rules stand, for people."""
_DATA = ("data.json", "data.yaml", "data.yml")
"""What OPA takes for data wherever it stands; here it may be the tables of `org` only, in JSON."""


class PolicyBundleError(InsecureError):
    """The policies cannot be loaded as they stand; the message names the file and the mend."""

    code = "policy-bundle"

    def __init__(self, problem: str, *, path: str = "", line: int = 0, place: str = "") -> None:
        where = f"{path} in {place}" if place else path
        super().__init__(f"{where} {problem}" if path else problem)
        self.problem, self.path, self.line = problem, path, line

    def within(self, place: str) -> "PolicyBundleError":
        """Say the same, and in which directory the file is, as its operator calls it."""
        return PolicyBundleError(self.problem, path=self.path, line=self.line, place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Facts whose decision is known; an engine that answers otherwise does not start."""

    name: str
    allow: bool
    facts: bytes = field(repr=False)
    deny: tuple[str, ...] = ()
    """Rules that must be among those that deny them."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Digest by name of each table of `org` that it rests on; where an operator has another, it says nothing."""

    @property
    def text(self) -> str:
        """What stands in its file."""
        more = {"deny": list(self.deny), "tables": dict(self.tables)}
        return pretty({"allow": self.allow, "facts": json.loads(self.facts)} | {k: v for k, v in more.items() if v})


class _SelfTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of `selftest` holds."""

    allow: bool
    facts: Any
    deny: tuple[str, ...] = ()
    tables: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Policies and their data, as one value."""

    rego: Mapping[str, str] = field(repr=False)
    """Path to text: what decides."""
    tests: Mapping[str, str] = field(repr=False)
    """Path to text: tests and their builders."""
    tables: Mapping[str, Any] = field(repr=False)
    """Path of a `data.json` to its content."""
    selftests: tuple[SelfTest, ...] = field(repr=False)

    @cached_property
    def policy_revision(self) -> str:
        """SHA-256 of the Rego that decides."""
        return _revision({path: text.encode() for path, text in self.rego.items()})

    @cached_property
    def data_revision(self) -> str:
        """SHA-256 of the tables, whatever their layout."""
        return _revision({path: _canonical(table) for path, table in self.tables.items()})

    @property
    def revision(self) -> str:
        """Both revisions, as the manifest carries them and OPA reports them."""
        return f"{self.policy_revision}.{self.data_revision}"

    @cached_property
    def data(self) -> dict[str, Any]:
        """The tables as one document, each at the path of its folder."""
        document: dict[str, Any] = {}
        # Deepest last, so that a table above is in place before those below it are laid into it.
        for path, table in sorted(self.tables.items(), key=lambda each: each[0].count("/")):
            place: Any = document
            for part in PurePosixPath(path).parent.parts:
                place = place.setdefault(part, {}) if isinstance(place, dict) else place
            if not isinstance(place, dict) or place.keys() & table.keys():
                raise PolicyBundleError("says again what stands in a table above it; say it once", path=path)
            place |= copy.deepcopy(table)
        return document

    @cached_property
    def roles(self) -> Mapping[str, tuple[str, ...]]:
        """The permissions of each role."""
        table = self.data.get("org", {}).get("roles", {})
        return {name: tuple(role["permissions"]) for name, role in table.items()}

    @property
    def placement_order(self) -> tuple[str, ...]:
        """Give the order in which places are tried, as `data.org.placement.order` has it."""
        table = self.data.get("org", {}).get("placement", {})
        return tuple(table.get("order", ("requested", "simulator")))

    @cached_property
    def leak_rules(self) -> LeakRules:
        """What the texts of submissions and results are looked through for.

        Raises:
            PolicyBundleError: nobody can look by their table.
        """
        try:
            return leak_rules.read(self.data)
        except ValueError as error:
            problem = f"cannot be followed: {error}; see docs/how-to/data-leaks.md"
            raise PolicyBundleError(problem, path="org/dlp/data.json") from None

    @cached_property
    def known(self) -> tuple[SelfTest, ...]:
        """Self-tests that hold for these tables."""
        held = self.table_digests.items()
        return tuple(each for each in self.selftests if each.tables.items() <= held)

    @cached_property
    def table_digests(self) -> Mapping[str, str]:
        """SHA-256 of each table of `org`, by name."""
        tables: Mapping[str, Any] = self.data.get("org", {})
        return {name: hashlib.sha256(_canonical(table)).hexdigest() for name, table in tables.items()}

    @property
    def rules_files(self) -> dict[str, str]:
        """What decides, and what is decided at start to see that an engine works: path to text."""
        known = {f"selftest/{each.name}.json": each.text for each in self.selftests}
        return {**self.rego, **known}

    @property
    def org_files(self) -> dict[str, str]:
        """The tables, each alone in its file: path to text."""
        return {path: pretty(table) for path, table in self.tables.items()}

    def write(self, directory: Path, *, tests: bool = False) -> None:
        """Write both parts as the one directory that OPA's own checks and tests take, overrides already merged."""
        manifest = {"revision": self.revision, "roots": list(ROOTS), "rego_version": 1}
        files = {".manifest": pretty(manifest), **self.rego, **(self.tests if tests else {}), **self.org_files}
        for path, text in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


def default_root() -> Path:
    """Give the policies that ship with the gateway: the folder beside its package."""
    return Path(__file__).parents[2] / "policies"


def load(root: Path, overrides: Path | None = None, *, called: tuple[str, str] = SETTINGS) -> Bundle:
    """Read a tree of policies, and an operator's overrides on top of it.

    Args:
        root: the tree.
        overrides: what lies over it.
        called: what whoever reads an error calls the two directories.

    Raises:
        PolicyBundleError: a file that cannot be read, is no JSON, stands in the wrong folder, or (of the
            overrides) stands where none may.
    """
    below, above = called
    files = _read(root, _belongs, below)
    if "gateway/main/main.rego" not in files:
        raise PolicyBundleError(f"{below} holds no policies: gateway/main/main.rego is missing")
    added = {} if overrides is None else _read(overrides, _may_override, above)
    if replaced := sorted(path for path in added if path in files and path.endswith(".rego")):
        problem = "replaces a rule; give it a name of its own, or point policy.directory at a whole tree of policies"
        raise PolicyBundleError(problem, path=replaced[0], place=above)
    try:
        return of({**files, **added})
    except PolicyBundleError as error:
        raise error.within(above if error.path in added else below if error.path in files else "") from None


def of(files: Mapping[str, str]) -> Bundle:
    """Make a bundle of files, by path.

    Raises:
        PolicyBundleError: one of them is not what its path says.
    """
    sources = {path: text for path, text in files.items() if path.endswith(".rego")}
    for path, text in sources.items():
        _check_package(path, text)
    tests = {path for path in sources if path.endswith("_test.rego") or path.startswith(TESTING)}
    bundle = Bundle(
        rego={path: text for path, text in sorted(sources.items()) if path not in tests},
        tests={path: text for path, text in sorted(sources.items()) if path in tests},
        tables={path: _table(path, text) for path, text in sorted(files.items()) if path.startswith("org/")},
        selftests=tuple(_selftest(path, text) for path, text in sorted(files.items()) if path.startswith("selftest/")),
    )
    _ = bundle.leak_rules, bundle.data  # laid out once here, so that tables that contradict each other stop the start
    return bundle


# ── which files count ────────────────────────────────────────────────────────────────────────────
def _read(root: Path, wanted: Callable[[str], bool], place: str) -> dict[str, str]:
    try:
        return dict(_files(root, wanted))
    except PolicyBundleError as error:
        raise error.within(place) from None


def _files(root: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root).as_posix()
        if file.is_file() and not _hidden(path) and wanted(path):
            yield path, _text(file, path)


def _hidden(path: str) -> bool:
    return path in _IGNORED or path.startswith(_PAGES) or any(part.startswith(".") for part in path.split("/"))


def _belongs(path: str) -> bool:
    """Take what a tree of policies is made of; schemas, prices and the like live beside it."""
    if path.rpartition("/")[2] in _DATA and not _is_table(path):
        problem = "would be no part of the decision; tables go to org/<name>/data.json, as JSON"
        raise PolicyBundleError(problem, path=path)
    return path.endswith(".rego") or _is_table(path) or _is_selftest(path)


def _may_override(path: str) -> bool:
    if _is_table(path) or _is_selftest(path) or _ADDED_RULE.fullmatch(path):
        return True
    raise PolicyBundleError(
        "is nothing that overrides may hold; tables go to org/<name>/data.json, rules to "
        "gateway/rules/<area>/<rule>/<rule>.rego, self-tests to selftest/<name>.json",
        path=path,
    )


def _is_table(path: str) -> bool:
    return path.startswith("org/") and path.endswith("/data.json")


def _is_selftest(path: str) -> bool:
    return path.startswith("selftest/") and path.endswith(".json")


# ── what they must hold ──────────────────────────────────────────────────────────────────────────
def _text(file: Path, path: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PolicyBundleError("is no UTF-8 text; save it as that", path=path) from None
    except OSError as error:
        raise PolicyBundleError(f"cannot be read: {error.strerror}", path=path) from None


def _check_package(path: str, text: str) -> None:
    """Folder = package, or a file could quietly add to the decision of another folder.

    A file may also be called like the last part of its package, as others lay out their policies.
    """
    suffix = "_test" if path.endswith("_test.rego") else ""
    place = PurePosixPath(path.removesuffix(f"{suffix}.rego"))
    allowed = [str(each).replace("/", ".") + suffix for each in (place.parent, place)]
    found = _PACKAGE.findall(text)
    if len(found) != 1 or found[0] not in allowed:
        problem = f"must declare `package {allowed[0]}`, found {found}; folder and package agree"
        raise PolicyBundleError(problem, path=path)


def _table(path: str, text: str) -> dict[str, Any]:
    try:
        table = json.loads(text, object_pairs_hook=_no_duplicates, parse_float=_no_float, parse_constant=_no_float)
        _canonical(table)
    except json.JSONDecodeError as error:
        problem = f"is no JSON: {error.msg}, line {error.lineno} column {error.colno}"
        raise PolicyBundleError(problem, path=path, line=error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise PolicyBundleError(f"is no table: {error}", path=path) from None
    if not isinstance(table, dict):
        raise PolicyBundleError(f"holds a {type(table).__name__}; a table is a JSON object", path=path)
    return table


def _selftest(path: str, text: str) -> SelfTest:
    try:
        found = msgspec.convert(_table(path, text), _SelfTest)
    except msgspec.ValidationError as error:
        raise PolicyBundleError(f"must hold `allow` (true or false) and `facts`: {error}", path=path) from None
    return SelfTest(
        name=PurePosixPath(path).stem,
        allow=found.allow,
        facts=_canonical(found.facts),
        deny=found.deny,
        tables=found.tables,
    )


def _no_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, value in pairs:
        if name in table:
            raise ValueError(f"the key {name!r} stands twice")
        table[name] = value
    return table


def _no_float(text: str) -> float:
    raise ValueError(f"{text} is no whole number; engines round others differently")


# ── naming by content ────────────────────────────────────────────────────────────────────────────
def _revision(files: Mapping[str, bytes]) -> str:
    hashes = sorted(f"{path} {hashlib.sha256(content).hexdigest()}" for path, content in files.items())
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _canonical(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def pretty(value: Any) -> str:
    """Write JSON for people, the same for the same value."""
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
