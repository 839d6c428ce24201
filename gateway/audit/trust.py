"""Whom a verifier believes, as a file (C2SP tlog-policy): the ledger's keys, the witnesses, and how many of them.

A line is `log <vkey>`, `witness <name> <vkey> [<url>]`, `group <name> all|any|<k> <name>…` or `quorum <name>|none`, and
names only what stands above it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from gateway.audit.note import Algorithm, NoteError, VerifierKey

NOBODY: Final = "none"
_LOG: Final = frozenset({Algorithm.ED25519, Algorithm.ML_DSA_44})
_WITNESS: Final = frozenset({Algorithm.COSIGNATURE, Algorithm.ML_DSA_44})


class TrustError(NoteError):
    """A text that is no policy; the message names the line."""


@dataclass(frozen=True, slots=True)
class _Group:
    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Keys and the quorum."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, _Group] = field(default_factory=dict)
    quorum: str = NOBODY

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy.

        Raises:
            TrustError: it is none.
        """
        reader = _Reader()
        for number, line in enumerate(text.split("\n"), start=1):
            words = line.split()
            if words and not words[0].startswith("#"):
                try:
                    reader.read(words)
                except (NoteError, ValueError) as error:
                    raise TrustError(f"line {number} of the policy: {error}") from None
        if len({key.name for key in reader.logs}) != 1:
            raise TrustError("the policy names the keys of no ledger, or of several; one is verified at a time")
        if reader.quorum is None:
            raise TrustError("the policy has no quorum line; `quorum none` demands no witness")
        return cls(logs=tuple(reader.logs), witnesses=reader.witnesses, groups=reader.groups, quorum=reader.quorum)

    @property
    def origin(self) -> str:
        """The name of the ledger that the policy is about."""
        return self.logs[0].name

    def met(self, cosigned: Collection[str], name: str | None = None) -> bool:
        """Say whether these witnesses are enough."""
        asked = self.quorum if name is None else name
        if asked == NOBODY:
            return True
        group = self.groups.get(asked)
        if group is None:
            return asked in cosigned
        return sum(self.met(cosigned, member) for member in group.members) >= group.needed


class _Reader:
    """Takes a policy line by line; a line may only name what stands above it."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, _Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def read(self, words: Sequence[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self.logs.append(self._fresh(VerifierKey.parse(vkey), _LOG))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self.witnesses[self._free(name)] = self._fresh(VerifierKey.parse(vkey), _WITNESS)
            case ["group", name, needed, *members] if members:
                self.groups[self._free(name)] = self._group(needed, members)
            case ["quorum", name] if self.quorum is None and (name == NOBODY or self._known(name)):
                self.quorum = name
            case _:
                raise TrustError("it is not understood, names what does not stand above it, or comes twice")

    def _group(self, needed: str, members: Sequence[str]) -> _Group:
        if not all(map(self._known, members)) or self._members & set(members) or len(set(members)) < len(members):
            raise TrustError("a group's members stand above it, and each belongs to one group only")
        self._members |= set(members)
        count = {"any": 1, "all": len(members)}.get(needed) or int(needed)
        if not 1 <= count <= len(members):
            raise TrustError(f"a group of {len(members)} cannot need {needed}")
        return _Group(count, tuple(members))

    def _known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _free(self, name: str) -> str:
        if name == NOBODY or self._known(name):
            raise TrustError(f"the name {name!r} is taken")
        return name

    def _fresh(self, key: VerifierKey, allowed: frozenset[Algorithm]) -> VerifierKey:
        if key.algorithm not in allowed or any(key.public == each.public for each in self._keys()):
            raise TrustError("the key is of the wrong kind, or stands there already")
        return key

    def _keys(self) -> Iterable[VerifierKey]:
        return [*self.logs, *self.witnesses.values()]


def policy(logs: Iterable[VerifierKey], witnesses: Mapping[str, Sequence[VerifierKey]], required: int) -> str:
    """Write a policy: any key of a witness counts for it, and so many witnesses are needed."""
    lines = [f"log {key}" for key in logs]
    for name, keys in witnesses.items():
        parts = [f"{name}.{number}" for number in range(1, len(keys) + 1)]
        lines += [f"witness {part} {key}" for part, key in zip(parts, keys, strict=True)]
        lines.append(f"group {name} any {' '.join(parts)}")
    if witnesses and required:
        lines += [f"group witnesses.all {required} {' '.join(witnesses)}", "quorum witnesses.all"]
    else:
        lines.append(f"quorum {NOBODY}")
    return "\n".join([*lines, ""])
