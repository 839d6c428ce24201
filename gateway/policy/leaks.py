"""What was found in the texts of a submission, as a fact: which rule, where and how often, never what."""

from gateway.domain.circuit import ProgramFacts
from gateway.policy.nouns import DlpNoun, LeakNoun


def noun(measured: ProgramFacts | None) -> DlpNoun:
    """Write it as a fact; of texts that nobody looked through everything is unknown."""
    scan = None if measured is None else measured.scan
    if scan is None:
        return DlpNoun(rules=None, findings=None, complete=None)
    return DlpNoun(
        rules=scan.rules,
        findings=tuple(
            LeakNoun(rule=leak.rule, place=leak.place, circuit=leak.circuit, count=leak.count) for leak in scan.leaks
        ),
        complete=scan.complete,
    )
