"""The laws of the house that a program can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

LONGEST_MODULE = 400
ONE_FILE = {"gateway/verifier/qgw_verify.py"}
"""What somebody else carries away and reads whole, docs/adr/0020-receipts-and-packs.md."""
LONGEST_FUNCTION = 60


def test_imports_go_down_only(root, tmp_path):
    """The contracts stand in pyproject.toml; a new package must be given its floor there."""
    program = Path(sys.executable).with_name("lint-imports")

    kept = subprocess.run([program, "--cache-dir", tmp_path], cwd=root, capture_output=True, text=True, check=False)

    assert kept.returncode == 0, kept.stdout


def test_no_module_is_too_long_to_read(root, modules):
    lengths = {str(path.relative_to(root)): len(path.read_text("utf-8").splitlines()) for path in modules}

    assert {name for name, length in lengths.items() if length > LONGEST_MODULE} == ONE_FILE


def test_no_function_is_too_long_to_read(root, modules):
    """A migration is a list of tables that nobody changes any more."""
    long = [
        f"{path.relative_to(root)}:{node.name}"
        for path in modules
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]

    assert long == []


def test_only_the_ledger_makes_permits(root, modules):
    """No permit, no upstream: whoever could make one could forward what was never recorded."""
    makers = {
        str(path.relative_to(root))
        for path in modules
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and _called(node) == "Permit"
    }

    assert makers <= {"gateway/audit/ledger.py"}


@pytest.mark.parametrize("forbidden", ["pickle", "dill", "cloudpickle", "shelve", "marshal", "multiprocessing"])
def test_nothing_runs_code_from_bytes(root, modules, forbidden):
    """Unpickling what a client sent is running what a client sent; our processes exchange plain values."""
    importers = [str(path.relative_to(root)) for path in modules if forbidden in _imported(path)]

    assert importers == []


def test_serving_processes_never_load_what_reads_circuits():
    """A parser bug in qiskit must not be one in the process that holds keys; numpy alone costs 100 ms of start."""
    script = (
        "import sys, gateway.wiring, gateway.http.server, gateway.workers.supervisor\n"
        "from gateway.ports import registry\n"
        "registry.installed()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}\n"
        "  & {'qiskit', 'qiskit_aer', 'samplomatic', 'ibm_quantum_schemas', 'numpy', 'regorus'}))"
    )

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []


def _called(call):
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _imported(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
