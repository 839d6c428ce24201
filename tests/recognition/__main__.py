"""`python -m tests.recognition`: measure, and write docs/reference/fingerprints.md.

Always the same for the same gateway and the same benchmark: every choice is drawn from a seed.
"""

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

from qiskit import QuantumCircuit, qpy

from gateway.circuits.structure import SMALLEST_SKELETON, VERSION
from gateway.settings.labels import Labels
from tests import tools
from tests.recognition.score import FORMS, Share, pairs, scores, shared
from tests.recognition.variants import OF_COMPILED, OF_SOURCES, Variant, routed

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fingerprints.md"
_HEAD = f"""# Fingerprints

Written by `python -m tests.recognition`; do not edit. How well circuits are known again by `{VERSION}`, measured on the
circuits of MQT Bench ({{version}}): {{count}} circuits, {{algorithms}} algorithms of up to 11 qubits. Each
circuit is labelled once, then a variant of each is submitted. Recall is how many are known again; precision is how many
of the matches are with the circuit itself. In brackets: Wilson's 95 % interval, and the counts.

A **fingerprint** binds: the label is given again. A **skeleton** only resembles: `data.org.labels` says what is done.
Circuits of fewer than {SMALLEST_SKELETON} blocks of gates on several qubits have no skeleton."""
_TAIL = """## What it cannot tell apart, and what it does not know again

* Circuits that differ in angles alone are one, by design: a variational ansatz is the same whatever it is trained to.
* A circuit that is compiled differently has another fingerprint. SDKs compile before they submit, so what counts is the
  second table: the same work, compiled again with other angles or other luck. Where the compiler's choices depend on
  angles (it drops a turn by nothing) or on chance (it routes anew), only the skeleton may still be the same.
* Whoever wants to hide a circuit can: one gate and its inverse make another circuit. Memory of labels is against
  mistakes and forgetting, and against leaving a tag out; it is no wall against a determined insider.
* Classical arithmetic, delays, and graphs so regular that colour refinement sees no difference within a component."""


def main() -> int:
    """Measure and write."""
    warnings.simplefilter("ignore")
    sources = _public()
    PAGE.write_text("\n\n".join(_page(sources)) + "\n", "utf-8")
    return 0


def _public() -> Mapping[str, QuantumCircuit]:
    python = tools.install(tools.load()["mqt-bench"])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "circuits.qpy"
        subprocess.run([str(python), str(Path(__file__).with_name("public.py")), str(file)], check=True)
        with file.open("rb") as stream:
            return {circuit.name: circuit for circuit in qpy.load(stream)}


def _page(sources: Mapping[str, QuantumCircuit]) -> Iterator[str]:
    version = (Path(__file__).with_name("mqt-bench.in")).read_text("utf-8").strip()
    algorithms = len({name.split()[0] for name in sources})
    yield _HEAD.format(version=version, count=len(sources), algorithms=algorithms)
    yield from _table("What its author wrote was labelled", sources, sources, OF_SOURCES)
    compiled = {name: routed()(circuit, Random(name)) for name, circuit in sources.items()}
    yield from _table("What a compiler made of it was labelled", compiled, sources, OF_COMPILED)
    yield from _confusions(sources)
    yield _TAIL


def _table(
    title: str,
    labelled: Mapping[str, QuantumCircuit],
    sources: Mapping[str, QuantumCircuit],
    variants: Mapping[str, Variant],
) -> Iterator[str]:
    rows = ["| It comes back | By | Recall | Precision |", "|---|---|---|---|"]
    for name, variant in variants.items():
        found = scores(labelled, sources, variant)
        rows += [f"| {name} | {form} | {found[form].recall} | {found[form].precision} |" for form in FORMS]
    yield f"## {title}"
    yield "\n".join(rows)


def _confusions(sources: Mapping[str, QuantumCircuit]) -> Iterator[str]:
    least = Labels().recognisable_gates
    large = {name: circuit for name, circuit in sources.items() if circuit.num_nonlocal_gates() >= least}
    yield "## Circuits that are taken for each other"
    rows = ["| Of | By | Pairs of different circuits taken for one |", "|---|---|---|"]
    for title, circuits in (("all circuits", sources), (f"those of {least} or more gates on several qubits", large)):
        whole = pairs([tuple(circuits)])
        rows += [f"| {title} | {form} | {Share(part=pairs(shared(circuits, form)), whole=whole)} |" for form in FORMS]
    yield "\n".join(rows)
    yield (
        "Named, those that share a fingerprint. Some are no others: MQT Bench has the same adder under several names,\n"
        "and exact and inexact phase estimation differ in angles alone."
    )
    yield "\n".join(f"* {', '.join(group)}" for group in shared(sources, "fingerprint")) or "* none"


if __name__ == "__main__":
    sys.exit(main())
