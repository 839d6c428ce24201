"""Lint a tree of policies: conventions of the house, the portable subset, and OPA's own checks where OPA is.

A policy that passes here is decided alike by both engines, says what it is for, and has a test that allows
and one that denies. A gateway that starts does not look; a running one takes in no revision that has findings, those
of style aside, nor one whose tests fail.
"""

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.domain.errors import InsecureError
from gateway.policy import levels, metadata, portable, references, tables, testing
from gateway.policy.bundle import Bundle, PolicyBundleError, load
from gateway.policy.nouns import json_schema

_REGORUS = re.compile(r"--> (\S+):(\d+):\d+")
_RULE = re.compile(r"gateway/rules/([a-z0-9_]+)/([a-z0-9_]+)/\2\.rego")
_ID = re.compile(r'result\.(?:denial|warning|diversion|unknown)\(\s*"([^"]+)"')
_SAYS = re.compile(r"^(deny|divert) contains ", re.MULTILINE)
_RULES: Final = "gateway/rules/"
_CASE_TABLE = re.compile(r"^(test_\w+)\[(\w+)\] if \{\n(?!\tsome \2, )", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to mend; `line` is 0 where it concerns the whole file."""

    path: str
    line: int
    message: str
    advice: bool = False
    """Somebody may think otherwise: it is told, and does not count."""
    style: bool = False
    """Of how it is written and documented: to mend, and no reason to refuse a revision."""

    def __str__(self) -> str:
        """Write it as compilers do, so that editors can jump to it."""
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class PolicyCheckError(InsecureError):
    """Policies that nobody should decide by, for what `gateway policy check` or their tests say."""

    code = "policy-check"

    def __init__(self, found: Sequence[Finding]) -> None:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        super().__init__(
            f"these policies do not pass: {found[0]}{more}; see `gateway policy check` and `gateway policy test`"
        )
        self.found = tuple(found)


def check(root: Path, *, overrides: Path | None = None, opa: str = "opa", regal: str = "regal") -> list[Finding]:
    """Find everything to mend, in the order of the files; OPA's own checks, and Regal's, run where those are."""
    try:
        bundle = load(root, overrides)
    except PolicyBundleError as error:
        return [Finding(path=error.path or ".", line=error.line, message=error.message)]
    found = [*_files(bundle), *asyncio.run(_by_engine(bundle))]
    if (program := shutil.which(opa)) is not None:
        found += _ask_opa(bundle, program)
    if (program := shutil.which(regal)) is not None:
        found += _ask_regal(bundle, program)
    return sorted(found, key=lambda each: (each.path, each.line))


async def require(bundle: Bundle, *, since: Bundle | None = None) -> None:
    """Refuse policies that nobody should decide by: what is found here, style aside, and the tests of what changed.

    Args:
        bundle: the policies, with their tests where there are any.
        since: those that were tested before; without them no test is run.

    Raises:
        PolicyCheckError: there is something to mend.
    """
    # In a thread: whoever decides meanwhile, in the same process, has a deadline.
    read = await asyncio.to_thread(_files, bundle)
    found = [each for each in (*read, *await _by_engine(bundle)) if not (each.style or each.advice)]
    if not found and since is not None:
        found = [_failed(each) for each in await testing.failures(bundle, tests_of(bundle, since))]
    if found:
        raise PolicyCheckError(found)


def tests_of(bundle: Bundle, since: Bundle) -> Collection[str]:
    """Name the files of tests that speak of what changed: those beside a rule, or all of them."""
    changed = [path for path, text in bundle.rego.items() if since.rego.get(path) != text]
    if gone := since.rego.keys() - bundle.rego.keys():
        changed += gone
    if not all(path.startswith(_RULES) for path in changed):
        return bundle.tests.keys()
    folders = {path.rpartition("/")[0] for path in changed}
    return [path for path in bundle.tests if path.rpartition("/")[0] in folders]


def _failed(name: str) -> Finding:
    path, _, test = name.partition(": ")
    return Finding(path=path, line=0, message=f"{test} fails" if test else "fails")


def _files(bundle: Bundle) -> list[Finding]:
    rego = [found for path, text in {**bundle.rego, **bundle.tests}.items() for found in _file(bundle, path, text)]
    return [*rego, *_tables(bundle)]


def _tables(bundle: Bundle) -> Iterator[Finding]:
    for path, problem in tables.problems(bundle):
        yield Finding(path=path, line=0, message=str(problem), advice=problem.advice)


def _file(bundle: Bundle, path: str, text: str) -> Iterator[Finding]:
    for line, message in portable.findings(text):
        yield Finding(path=path, line=line, message=message)
    if path in bundle.rego:
        for line, message in references.findings(bundle, text):
            yield Finding(path=path, line=line, message=message)
    style = _test_file(text) if path.endswith("_test.rego") else _style(bundle, path, text)
    for message in style:
        yield Finding(path=path, line=0, message=message, style=True)
    if match := _RULE.fullmatch(path):
        for message in _rule(match, text):
            yield Finding(path=path, line=0, message=message)


def _test_file(text: str) -> Iterator[str]:
    for test, name in _CASE_TABLE.findall(text):
        yield f"{test}[{name}] must begin with `some {name}, … in {{…}}`, or regorus cannot tell which cases fail"


def _style(bundle: Bundle, path: str, text: str) -> Iterator[str]:
    """Say what a source file lacks for people."""
    about = metadata.read(text)
    if not (about.title and about.description):
        yield "METADATA before the package needs a title and a description"
    if not path.startswith(_RULES):
        return
    if _RULE.fullmatch(path) is None:
        yield "a rule stands in gateway/rules/<area>/<rule>/<rule>.rego"
        return
    if not (about.owner and about.severity and about.related_resources):
        yield "METADATA of a rule needs related_resources, and an owner and a severity under custom"
    tests = bundle.tests.get(f"{path.removesuffix('.rego')}_test.rego", "")
    for kind in ("test_allows", "test_denies"):
        if not re.search(rf"^{kind}", tests, re.MULTILINE):
            yield f"the tests beside it need one called {kind}…"


def _rule(match: re.Match[str], text: str) -> Iterator[str]:
    """Say what keeps a rule from being heard, or from being told apart."""
    rule_id = f"{match[1]}/{match[2].replace('_', '-')}"
    if wrong := sorted(set(_ID.findall(text)) - {rule_id}):
        yield f"this rule is called {rule_id}, its findings say {wrong[0]}"
    says = set(_SAYS.findall(text))
    if not says:
        yield "a rule needs `deny contains …`"
    if "divert" in says and match[1] not in {"backend", "budget"}:
        yield "only rules of the areas backend and budget may divert; others may depend on where the job goes"


async def _by_engine(bundle: Bundle) -> list[Finding]:
    """Let the embedded engine read all of it, and the table of levels be judged by what can be lowered."""
    if error := await testing.load_error(bundle):
        return [_not_compiled(error)]
    areas, rules = await testing.values(bundle, levels.FIXED)
    problems = levels.problems(bundle, areas or (), rules or ())
    return [Finding(path="org/enforcement/data.json", line=0, message=problem) for problem in problems]


def _not_compiled(error: str) -> Finding:
    """Tell where the engine stopped reading: what it cannot read, no gateway decides by."""
    place = _REGORUS.match(error)
    path, line = (place[1], int(place[2])) if place else (".", 0)
    words = error.rpartition("error: ")[2].strip()
    return Finding(path=path, line=line, message=f"does not compile on regorus: {words}")


# ── OPA's own checks ─────────────────────────────────────────────────────────────────────────────
def _ask_opa(bundle: Bundle, opa: str) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="gateway-policies-") as directory:
        bundle.write(Path(directory) / "tree", tests=True)
        schema = Path(directory) / "input.json"
        schema.write_text(json.dumps(json_schema()), "utf-8")
        yield from _unformatted(_run([opa, "fmt", "--list", "."], directory))
        yield from _invalid(
            _run([opa, "check", "--strict", "--bundle", ".", "--schema", str(schema), "--format", "json"], directory)
        )


def _run(command: list[str], directory: str) -> str:
    done = subprocess.run(  # noqa: S603  # found on the PATH by `check`
        command, cwd=Path(directory) / "tree", capture_output=True, check=False, timeout=120
    )
    return (done.stdout or done.stderr).decode(errors="replace")


def _unformatted(listed: str) -> Iterator[Finding]:
    for path in listed.splitlines():
        yield Finding(path=path, line=0, message="not formatted; run `opa fmt --write`", style=True)


def _invalid(report: str) -> Iterator[Finding]:
    try:
        errors = json.loads(report or "{}").get("errors", ())
    except ValueError:
        errors = [{"message": report.strip()}]
    for error in errors:
        place = error.get("location", {})
        yield Finding(path=place.get("file", "."), line=place.get("row", 0), message=f"opa check: {error['message']}")


# ── Regal, where it is ───────────────────────────────────────────────────────────────────────────
def _ask_regal(bundle: Bundle, regal: str) -> Iterator[Finding]:
    """Ask the Rego linter; it has opinions where we have others, so what it says is advice."""
    with tempfile.TemporaryDirectory(prefix="gateway-policies-") as directory:
        bundle.write(Path(directory) / "tree", tests=True)
        report = _run([regal, "lint", "--format", "json", "."], directory)
    try:
        violations = json.loads(report or "{}").get("violations", ())
    except ValueError:
        return
    for each in violations:
        place, title = each.get("location", {}), f"{each.get('category', '?')}/{each.get('title', '?')}"
        words = f"regal {title}: {each.get('description', '')}"
        yield Finding(path=place.get("file", "."), line=place.get("row", 0), message=words, advice=True)
