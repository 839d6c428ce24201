"""Measure the rules about texts on the labelled corpus, and write docs/reference/leak-detection.md."""

from collections.abc import Iterable
from pathlib import Path

from tests.leaks.measured import Measured, measure

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "leak-detection.md"
_HEAD = """# How much the rules about texts find

This page is made by `python -m tests.leaks`, from the rules that ship (`policies/org/dlp`) and a corpus that is the
same for the same seed. Shares come with the interval that holds the true one with 95 % (Wilson).

What it says is about these forms of secrets and these texts, which we made ourselves: secrets by the forms that their
issuers publish, in sentences, notes and comments as they stand in quantum jobs; and texts that hold none, ordinary ones
and lookalikes. Secrets without a form of their own (a password alone in a tag) are found by nobody, and nothing is
found in what is encrypted, or written in angles and outcomes. Your own words and forms you add yourself:
[how](../how-to/data-leaks.md).

"""
_MEANING = """
Recall: of the texts that hold such a thing, those in which the rule finds it. Precision: of the texts in which the rule
finds something, those that hold anything of any rule's.

"""


def page(found: Measured) -> str:
    """Write the page."""
    rules = sorted({rule for rule, _ in found.recall})
    summary = ((f"`{rule}`", found.recall_of(rule), found.precision[rule]) for rule in rules)
    forms = ((f"`{rule}`", form, share) for (rule, form), share in sorted(found.recall.items()))
    alarms = ((form, share) for form, share in sorted(found.false_alarms.items()))
    return (
        _HEAD
        + _table("## By rule", ("rule", "recall", "precision"), summary)
        + _MEANING
        + _table("## By form", ("rule", "form", "found"), forms)
        + "\n"
        + _table("## Texts that hold nothing", ("text", "false alarms"), alarms)
    )


def _table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [title, "", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(measure()), "utf-8")
