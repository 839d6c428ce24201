"""What a self-test found: a name that stays the same from round to round, and words for people."""

from dataclasses import dataclass
from typing import Final

from gateway.domain.decision import Decision

RULES: Final = "rules"
ENGINES: Final = "engines"
PATH: Final = "path"
PARTS: Final = (RULES, ENGINES, PATH)
_WORDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    part: str
    what: str
    """Name of the self-test, or of the synthetic submission."""
    problem: str
    at: str = ""
    """Which engine, or whose clients' door, where there are several."""
    by_policy: bool = False
    """Whether policy decided otherwise than the release would: policies of one's own may mean that."""
    sure: bool = True
    """False where nobody answered: that counts once it happened twice in a row."""

    @property
    def name(self) -> str:
        """Give what a setting waives it by."""
        return f"{self.part}/{self.what}"

    def __str__(self) -> str:
        """Tell it in one line."""
        return f"{self.name}{f' at {self.at}' if self.at else ''}: {self.problem[:_WORDS]}"


def said(decision: Decision) -> str:
    """Say in a few words what was decided."""
    return "allowed" if decision.allow else f"denied by {', '.join(rules(decision))}"


def rules(decision: Decision) -> list[str]:
    """Name the rules that denied, each once, in an order that is the same for every engine."""
    return sorted({each.rule for each in decision.deny})
