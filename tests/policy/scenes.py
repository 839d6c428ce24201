"""Nouns that golden stories tell little about, drawn by chance: leniency, approvals, findings in texts, labels."""

from random import Random
from typing import Any, Final

from gateway.domain.leaks import Place
from gateway.policy.bundle import Bundle
from tests.policy.houses import rules

LABELS: Final = ("public", "internal", "confidential", "restricted")
_SHARE: Final = 0.35
"""How often each of them is drawn anew."""
_UNTIL: Final = "2026-11-02T10:30:00.000000Z"
_ID: Final = "01930a3c-7f3a-7000-8000-00000000000"


class Scenes:
    """Draws them for one set of policies."""

    def __init__(self, bundle: Bundle, random: Random) -> None:
        self._random = random
        self._rules = rules(bundle)
        self._leaks = sorted(bundle.data.get("org", {}).get("dlp", {}).get("rules", {}))

    def drawn_into(self, facts: dict[str, Any]) -> None:
        """Put some of them into facts, in place."""
        for noun, draw in (("enforcement", self._enforcement), ("approval", self._approval), ("dlp", self._dlp)):
            if self._random.random() < _SHARE:
                facts[noun] = draw()
        if self._random.random() < _SHARE:
            facts["job"] |= self._labels()

    def _enforcement(self) -> dict[str, Any]:
        chance = self._random
        glass = {"id": f"{_ID}9", "until": _UNTIL}
        return {
            "cohort": chance.choice((0, 19, 20, 42, 43, 59, 60, 99, None)),
            "overrides": chance.choice(([], self._overrides(), None)),
            "stopped": chance.choice(([], self._some(self._rules, 5), None)),
            "break_glass": chance.choice((None, None, glass)),
            "strict": chance.random() < 0.1,
        }

    def _overrides(self) -> list[dict[str, str]]:
        named = self._some(self._rules, 8)
        return [{"id": f"{_ID}{number}", "rule": rule, "until": _UNTIL} for number, rule in enumerate(named)]

    def _approval(self) -> dict[str, Any]:
        if self._random.random() < 0.3:
            nothing = ("by", "roles", "backend", "amount_micros", "currency", "age_seconds")
            return {"granted": False, **dict.fromkeys(nothing)}
        chance = self._random
        return {
            "granted": True,
            "by": chance.choice(("p-44ab", "p-44ab", "p-7f3a", None)),
            "roles": chance.choice((["lead"], ["security", "auditor"], ["no-such-role"], [], None)),
            "backend": chance.choice(("ibm_lund", "sim_line_5", None)),
            "amount_micros": chance.choice((0, 1_600_000, 2**40, None)),
            "currency": chance.choice(("EUR", "USD", None)),
            "age_seconds": chance.choice((0, 300, None)),
        }

    def _dlp(self) -> dict[str, Any]:
        named = self._some([*self._leaks, "no-such-rule"], 3)
        return {
            "rules": self._some(self._leaks, 2) if self._random.random() < 0.1 else self._leaks,
            "findings": [self._finding(rule) for rule in named],
            "complete": self._random.random() < 0.95,
        }

    def _finding(self, rule: str) -> dict[str, Any]:
        place = self._random.choice(sorted(Place)).value
        circuit = self._random.choice((0, 1, 7)) if place.startswith(("circuit-", "gate-", "parameter-")) else None
        return {"rule": rule, "place": place, "circuit": circuit, "count": self._random.randint(1, 5)}

    def _labels(self) -> dict[str, Any]:
        names = ("classification", "declared_classification", "remembered_classification", "resembled_classification")
        return {name: self._random.choice((*LABELS, "public", "internal")) for name in names}

    def _some(self, of: list[str], most: int) -> list[str]:
        return self._random.sample(of, min(len(of), self._random.randint(0, most)))
