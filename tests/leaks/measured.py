"""How much the rules that ship find, and how often they cry wolf: recall and precision, with error bars."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from gateway.circuits.scan import looks, scan
from gateway.circuits.texts import Texts
from gateway.domain.leaks import Place
from gateway.policy.bundle import default_root, load
from tests.leaks.corpus import Text, corpus

_Z = 1.959964


@dataclass(frozen=True)
class Share:
    """So many of so many, with the interval that holds the true share with 95 % (Wilson, 1927)."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """Its ends, in [0, 1]."""
        share, n = self.hits / self.of, self.of
        middle, spread = share + _Z**2 / (2 * n), _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        return max(0.0, (middle - spread) / (1 + _Z**2 / n)), min(1.0, (middle + spread) / (1 + _Z**2 / n))

    def __str__(self) -> str:
        """Write it in percent."""
        low, high = self.interval
        return f"{self.hits / self.of:.1%} ({low:.1%} to {high:.1%})"


@dataclass(frozen=True)
class Measured:
    """What the rules made of the corpus."""

    recall: dict[tuple[str, str], Share]
    """By rule and form."""
    precision: dict[str, Share]
    """By rule: of the texts in which it found something, those that hold something of any rule's."""
    false_alarms: dict[str, Share]
    """By form of text that holds nothing."""

    def recall_of(self, rule: str) -> Share:
        """All forms of one rule together."""
        shares = [share for (each, _), share in self.recall.items() if each == rule]
        return Share(sum(share.hits for share in shares), sum(share.of for share in shares))


@cache
def measure(seed: int = 0) -> Measured:
    """Look through the whole corpus."""
    seen, found = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    fired, right = Counter[str](), Counter[str]()
    plain, alarmed = Counter[str](), Counter[str]()
    for text, rules in _looked(corpus(seed)):
        if text.rule is None:
            plain[text.form] += 1
            alarmed[text.form] += bool(rules)
        else:
            seen[text.rule, text.form] += 1
            found[text.rule, text.form] += text.rule in rules
        for rule in rules:
            fired[rule] += 1
            right[rule] += text.rule is not None
    return Measured(
        recall={case: Share(found[case], count) for case, count in seen.items()},
        precision={rule: Share(right[rule], count) for rule, count in sorted(fired.items())},
        false_alarms={form: Share(alarmed[form], count) for form, count in plain.items()},
    )


def _looked(texts: Iterable[Text]) -> Iterable[tuple[Text, set[str]]]:
    rules = looks(load(default_root()).leak_rules.encoded)
    for text in texts:
        known = Texts()
        known.take([text.text], Place.METADATA)
        yield text, {leak.rule for leak in scan(known, rules).leaks}
