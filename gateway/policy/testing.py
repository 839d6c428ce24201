"""Run the Rego tests of a tree of policies, on either engine, and decide single cases by hand.

OPA knows tests with named cases (`test_x[name] if { some name, … in {…} … }`) and names the failing ones;
regorus only knows rules. For it every such test gets a companion that lists the names of its cases, and a
name without a result failed. Plain functions for the command line: they start and end their engine.
"""

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from gateway.domain.decision import Decision
from gateway.domain.errors import InsecureError
from gateway.policy.answer import Question
from gateway.policy.bundle import ENTRYPOINT, Bundle, load
from gateway.policy.embedded import MODULE, EmbeddedDecisionPoint, load_message
from gateway.processes.supervise import Child

ENGINES = ("embedded", "opa")
_TEST_SECONDS = 30.0
TEST = re.compile(r"^(test_\w+)(?:\[(\w+)\])? if ", re.MULTILINE)
_CASES = re.compile(
    r"^(test_\w+)\[(\w+)\] if \{\n(\tsome \2, [^\n]* in (?:[^\n]*[^\n{\[]\n|[^\n]*[{\[]\n(?:\t\t[^\n]*\n)*\t[}\]]\n))",
    re.MULTILINE,
)


class EngineMissingError(InsecureError):
    """The engine that was asked for is not on this machine; only the command line asks for one."""

    code = "engine-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """How the tests of a tree went."""

    __test__: ClassVar[bool] = False

    engine: str
    passed: int
    failed: int
    failures: tuple[str, ...]
    """`path: test` or `path: test: case`, in order."""
    coverage_percent: float
    """Of the lines that decide; tests and their builders do not count."""
    uncovered: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Lines that decide and that no test reaches, by path."""


def run_tests(root: Path, engine: str = "embedded", *, overrides: Path | None = None, opa: str = "opa") -> TestReport:
    """Run every `test_…` rule of a tree, operator's overrides included.

    Raises:
        EngineMissingError: engine `opa`, and there is no such program.
        PolicyBundleError: the tree does not load.
    """
    bundle = load(root, overrides)
    return _run_on_opa(bundle, program(opa)) if engine == "opa" else asyncio.run(_run_embedded(bundle))


def evaluate(bundle: Bundle, facts: bytes, engine: str = "embedded", *, opa: str = "opa") -> Decision:
    """Decide once, as the gateway would."""
    if engine == "opa":
        return _evaluate_on_opa(bundle, facts, program(opa))
    return asyncio.run(_evaluate_embedded(bundle, facts))


def program(name: str) -> str:
    """Find the OPA executable.

    Raises:
        EngineMissingError: it is not on the PATH.
    """
    if found := shutil.which(name):
        return found
    raise EngineMissingError(f"there is no {name!r} on the PATH; install OPA 1.21.3 or later, or use --engine embedded")


# ── regorus ──────────────────────────────────────────────────────────────────────────────────────
async def _run_embedded(bundle: Bundle) -> TestReport:
    child = await Child.spawn(MODULE)
    try:
        loaded = await child.request(_with_tests(bundle), deadline_seconds=_TEST_SECONDS)
        outcomes = [case async for case in _outcomes(child, bundle, loaded.get("error"), bundle.tests)]
        coverage = await child.request({"do": "coverage"}, deadline_seconds=_TEST_SECONDS)
    finally:
        await child.close()
    lines = _regorus_lines(json.loads(coverage.get("json", b'{"files": []}')), bundle)
    return _report(loaded.get("engine", "regorus"), outcomes, lines)


async def failures(bundle: Bundle, paths: Collection[str]) -> list[str]:
    """Run the tests of some files on the embedded engine, and name those that fail."""
    if not paths:
        return []
    child = await Child.spawn(MODULE)
    try:
        loaded = await child.request(_with_tests(bundle), deadline_seconds=_TEST_SECONDS)
        outcomes = _outcomes(child, bundle, loaded.get("error"), paths)
        return [name async for name, passed in outcomes if not passed]
    finally:
        await child.close()


async def load_error(bundle: Bundle) -> str:
    """Say why the embedded engine cannot read a bundle, its tests included; empty when it can."""
    child = await Child.spawn(MODULE)
    try:
        return str(
            (await child.request(load_message(bundle, tests=True), deadline_seconds=_TEST_SECONDS)).get("error", "")
        )
    finally:
        await child.close()


async def values(bundle: Bundle, rules: Iterable[str]) -> list[Any]:
    """Evaluate rules that need no facts; one that is not there, or fails, is null."""
    child = await Child.spawn(MODULE)
    try:
        await child.request(load_message(bundle), deadline_seconds=_TEST_SECONDS)
        return [(await _value(child, rule))[0] for rule in rules]
    finally:
        await child.close()


def _with_tests(bundle: Bundle) -> dict[str, Any]:
    message = load_message(bundle, tests=True)
    message["rego"] = {path: _with_case_lists(path, text) for path, text in message["rego"].items()}
    return message


async def _outcomes(
    child: Child, bundle: Bundle, load_error: str | None, paths: Collection[str]
) -> AsyncIterator[tuple[str, bool]]:
    """Yield name and success of every case in some files."""
    if load_error is not None:
        yield f"the policies do not load: {load_error}", False
        return
    for path, text in ((path, bundle.tests[path]) for path in paths):
        package = path.rpartition("/")[0].replace("/", ".") + "_test"
        for test, parameter in TEST.findall(text):
            value, error = await _value(child, f"data.{package}.{test}")
            for case in await _cases(child, package, test) if parameter else [""]:
                passed = value is True if not parameter else (value or {}).get(case) is True
                yield ": ".join(filter(None, (path, test, case, error))), passed


async def _cases(child: Child, package: str, test: str) -> list[str]:
    names, error = await _value(child, f"data.{package}.{_case_list(test)}")
    return sorted(names) if names else [error or "no cases"]


async def _value(child: Child, rule: str) -> tuple[Any, str]:
    message = {"do": "evaluate", "rule": rule, "input": b"{}"}
    answer = await child.request(message, deadline_seconds=_TEST_SECONDS)
    return json.loads(answer.get("json", b"null")), answer.get("error", "")


def _with_case_lists(path: str, text: str) -> str:
    """Add to each test with named cases a rule that lists the names: its first statement, alone."""
    if not path.endswith("_test.rego"):
        return text
    lists = (f"\n{_case_list(test)} contains {name} if {{\n{table}}}\n" for test, name, table in _CASES.findall(text))
    return text + "".join(lists)


def _case_list(test: str) -> str:
    return f"_cases_of_{test}"


def _regorus_lines(report: Mapping[str, Any], bundle: Bundle) -> Iterator[tuple[str, int, set[int]]]:
    for file in report["files"]:
        if file["path"] in bundle.rego:
            yield file["path"], len(file["covered"]), set(file["not_covered"])


async def _evaluate_embedded(bundle: Bundle, facts: bytes) -> Decision:
    point = EmbeddedDecisionPoint(bundle)
    await point.start()
    try:
        return await point.decide(facts, decision_id="evaluation")
    finally:
        await point.close()


# ── OPA ──────────────────────────────────────────────────────────────────────────────────────────
def _run_on_opa(bundle: Bundle, opa: str) -> TestReport:
    with _written(bundle, tests=True) as directory:
        # The tests of the decision walk all others, which takes a busy machine longer than OPA's own five seconds.
        command = [opa, "test", "--bundle", ".", "--timeout", "60s", "--format", "json"]
        results, coverage = _json(command, directory), _json([*command, "--coverage"], directory)
    return _report(_opa_version(opa), list(_opa_outcomes(results)), _opa_lines(coverage, bundle))


def _opa_outcomes(results: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    for result in results:
        path = f"{result['location']['file']}: {result['name']}"
        cases: Mapping[str, Any] = result.get("sub_results") or {"": result}
        for case, outcome in sorted(cases.items()):
            yield ": ".join(filter(None, (path, case))), not (outcome.get("fail") or outcome.get("error"))


def _opa_lines(report: Mapping[str, Any], bundle: Bundle) -> Iterator[tuple[str, int, set[int]]]:
    for path, file in report.get("files", {}).items():
        if path in bundle.rego:
            missed = _rows(file.get("not_covered", ()))
            yield path, len(_rows(file.get("covered", ())) - missed), missed


def _rows(ranges: Iterable[Mapping[str, Any]]) -> set[int]:
    return {row for each in ranges for row in range(each["start"]["row"], each["end"]["row"] + 1)}


def _evaluate_on_opa(bundle: Bundle, facts: bytes, opa: str) -> Decision:
    question = Question(id="evaluation", facts=facts, engine=_opa_version(opa), bundle=bundle)
    began = time.perf_counter()
    with _written(bundle) as directory:
        command = [opa, "eval", "--bundle", ".", "--stdin-input", "--strict-builtin-errors", "--format", "json"]
        answer = _json([*command, ENTRYPOINT], directory, given=facts)
    milliseconds = (time.perf_counter() - began) * 1000
    if errors := answer.get("errors"):
        return question.refused("engine/error", f"the policy engine failed: {errors[0]['message']}", milliseconds)
    if not answer.get("result"):
        return question.refused("engine/undefined", "the policies give no decision at all", milliseconds)
    return question.answered(answer["result"][0]["expressions"][0]["value"], milliseconds)


class _written(tempfile.TemporaryDirectory[str]):  # noqa: N801  # reads as a word after `with`
    """A temporary directory that holds a bundle."""

    def __init__(self, bundle: Bundle, *, tests: bool = False) -> None:
        super().__init__(prefix="gateway-policies-")
        bundle.write(Path(self.name), tests=tests)


def _json(command: list[str], directory: str, *, given: bytes = b"") -> Any:
    """Run OPA, which exits with another status when a test fails and still writes its report."""
    done = subprocess.run(  # noqa: S603  # found by `program`
        command, cwd=directory, input=given, capture_output=True, check=False, timeout=120
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise EngineMissingError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[:500]}") from None


def _opa_version(opa: str) -> str:
    done = subprocess.run([opa, "version"], capture_output=True, check=True, timeout=30)  # noqa: S603  # found by `program`
    return f"opa {done.stdout.decode().splitlines()[0].removeprefix('Version: ')}"


def _report(engine: str, outcomes: list[tuple[str, bool]], lines: Iterable[tuple[str, int, set[int]]]) -> TestReport:
    counted = list(lines)
    covered, missed = sum(each for _, each, _ in counted), sum(len(each) for _, _, each in counted)
    failures = tuple(name for name, passed in outcomes if not passed)
    return TestReport(
        engine=engine,
        passed=len(outcomes) - len(failures),
        failed=len(failures),
        failures=failures,
        coverage_percent=round(100 * covered / max(1, covered + missed), 1),
        uncovered={path: tuple(sorted(each)) for path, _, each in counted if each},
    )
