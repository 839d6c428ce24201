"""Facts by the ten thousand, always the same for the same seed: golden stories taken apart and told anew.

Each noun comes whole from some story, so that most facts are plausible; what has few stories (levels, approvals, texts,
labels) is drawn anew. Then a few values are moved to where limits lie, taken from another story, or damaged. Limits
and names come from the policies' own tables.
"""

import copy
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, TypeAlias

from gateway.policy.bundle import Bundle
from tests.policy import golden, mutation
from tests.policy.scenes import Scenes

Facts: TypeAlias = dict[str, Any]
ODD = (None, True, False, 0, -1, 1, 2**53 - 1, "", "*", "simulator", "production", "zażółć 😀", '"\\', [], {}, [None])
_TWEAKS = (0, 0, 1, 1, 1, 2, 2, 3, 5)
"""How many values of one set of facts are changed."""


class Generator:
    """Tells facts for one set of policies."""

    def __init__(self, bundle: Bundle, seed: int = 0) -> None:
        self._random = Random(seed)
        self._stories = [json.loads(facts) for facts in golden.all_facts().values()]
        self._nouns = {noun: [story[noun] for story in self._stories] for noun in self._stories[0]}
        self._values = _values(self._stories)
        numbers, texts = set[int](), set[str]()
        for leaf in _leaves(bundle.data):
            if isinstance(leaf, str):
                texts.add(leaf)
            elif type(leaf) is int:
                numbers |= {leaf - 1, leaf, leaf + 1}
        self._numbers, self._words = sorted(numbers), sorted(texts) or [""]
        self._scenes = Scenes(bundle, self._random)

    def facts(self, count: int) -> Iterator[bytes]:
        """Tell so many."""
        for _ in range(count):
            facts = self._plausible()
            for _ in range(self._random.choice(_TWEAKS)):
                self._tweak(facts)
            yield golden.canonical_json(facts)

    def _plausible(self) -> Facts:
        """Take a story, and some of its nouns from others."""
        random = self._random
        facts = copy.deepcopy(random.choice(self._stories))
        for noun in random.sample(sorted(self._nouns), random.choice((0, 1, 2, 4))):
            facts[noun] = copy.deepcopy(random.choice(self._nouns[noun]))
        if facts["circuits"] and random.random() < 0.2:
            facts["circuits"] = facts["circuits"] * random.choice((2, 3, 5))
        self._scenes.drawn_into(facts)
        return facts

    def _tweak(self, facts: Facts) -> None:
        """Change one value in place; what has become unreachable stays as it is."""
        path = self._random.choice(list(mutation.paths(facts)))
        holder: Any = facts
        for name in path[:-1]:
            holder = holder[name]
        if self._random.random() < 0.05:
            del holder[path[-1]]
        else:
            holder[path[-1]] = copy.deepcopy(self._another(_shape(path), holder[path[-1]]))

    def _another(self, shape: tuple[str, ...], value: Any) -> Any:
        random = self._random
        if random.random() < 0.1:
            return random.choice(ODD)
        if random.random() < 0.5 or not isinstance(value, int | str) or isinstance(value, bool):
            return random.choice(self._values[shape])
        if isinstance(value, int):
            return random.choice((*self._numbers, value - 1, value + 1, value * 10, value * 1000))
        return random.choice(self._words)


def _values(stories: list[Facts]) -> Mapping[tuple[str, ...], list[Any]]:
    """Everything that ever stands at a place, the places in lists taken for one."""
    found: defaultdict[tuple[str, ...], dict[bytes, Any]] = defaultdict(dict)
    for story in stories:
        for path in mutation.paths(story):
            value: Any = story
            for name in path:
                value = value[name]
            found[_shape(path)][golden.canonical_json(value)] = value
    return {shape: list(values.values()) for shape, values in found.items()}


def _shape(path: mutation.Path) -> tuple[str, ...]:
    return tuple("*" if isinstance(name, int) else name for name in path)


def _leaves(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
        return
    for each in inner:
        yield from _leaves(each)
