"""What policy obliges the gateway to do about a job that may go: changes of its body, and promises about its place.

`Changes` is what is to be changed, `Change` what was: both travel to and from the worker that changes the body.
`Obliged` is what is remembered of it all with the job. The words are for people and quote nothing of the body.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self, TypeAlias

CAP_SHOTS: Final = "cap-shots"
SPLIT_SHOTS: Final = "split-shots"
STRIP: Final = "strip"
RELABEL_REGISTERS: Final = "relabel-registers"
FORCE_PRIVATE: Final = "force-private"
ADD_TAGS: Final = "add-tags"
"""Obligations that change a body."""

NAMES: Final = "names"
"""What circuits, gates, qubits, parameters and the job itself are called, and labels and comments."""
METADATA: Final = "metadata"
"""What a client notes for itself beside circuits and jobs."""
TAGS: Final = "tags"
LEAKS: Final = (METADATA, NAMES, TAGS)
"""What can be stripped. None of it changes what is computed."""

Registers: TypeAlias = tuple[Mapping[str, str], ...]
"""Per circuit, the name under which a classical register was sent, and its own."""
Parts: TypeAlias = tuple[tuple[int, ...], ...]
"""Per circuit, how many shots each of the parts has in which it was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be changed in a body before it is run; the default changes nothing."""

    most_shots: int | None = None
    """Of each circuit with each of its parameter sets."""
    part_shots: int | None = None
    """How many of them one part has at most; a circuit that runs more often is sent in several."""
    strip: tuple[str, ...] = ()
    """Of `LEAKS`."""
    relabel: bool = False
    """Whether classical registers get names that say nothing."""
    private: bool = False
    """Whether the vendor is told to keep nothing of it, and to show nobody."""
    tags: tuple[str, ...] = ()
    """`key=value` texts that are added for the vendor."""

    @property
    def of_the_work(self) -> Self:
        """Keep what changes the program and the client's own words, in the words it came in."""
        return replace(self, private=False, tags=())

    @property
    def of_the_request(self) -> Self:
        """Keep what is told to whoever runs it, in that one's words."""
        return replace(self, most_shots=None, part_shots=None, strip=(), relabel=False)

    def allowed(self, shots: int) -> int:
        """Say how many of so many shots are run."""
        return shots if self.most_shots is None else min(shots, self.most_shots)

    def parts(self, shots: int) -> int:
        """Count the parts in which a circuit is sent that is to run so often."""
        return 1 if self.part_shots is None else max(1, -(-self.allowed(shots) // self.part_shots))

    def __bool__(self) -> bool:
        """Say whether anything is to be changed."""
        return self != Changes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that was changed."""

    kind: str
    """Of the obligation that asked for it."""
    place: str
    """Where in the body: a JSON pointer (RFC 6901), or the beginning of several."""
    words: str
    """What was done, for its user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obliged:
    """What policy obliged the gateway to about one job, and warned of, as far as it matters after its permit."""

    words: tuple[str, ...] = ()
    """What was changed before it was run, for its user; empty where it runs as it came."""
    calibration_seconds: int | None = None
    """How old the backend's calibration may be when the job is forwarded."""
    regions: tuple[str, ...] | None = None
    """Where alone it may be forwarded to; `None` is anywhere."""
    warned: tuple[str, ...] = ()
    """What its user should know although it may go: each a rule and its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What undoes changes in results."""

    registers: Registers = ()
    """Empty where no register has another name."""
    parts: Parts = ()
    """Empty where no circuit was sent in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A body after its changes."""

    body: bytes = field(repr=False)
    made: tuple[Change, ...]
    """Empty where nothing had to be changed; then the body has its own bytes."""
    undo: Undo = field(default_factory=Undo)
