"""What the gateway says of a job beside what its vendor says: which differences there are, and which there may be.

Ids are mapped first, from the values that each side gives in the same place; then every leaf is compared. What is left
must stand in `ALLOWED`, with the reason why.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ABSENT = "(absent)"


@dataclass(frozen=True)
class Allowed:
    """One difference that is meant, wherever a pointer matches."""

    pointer: str
    """A regular expression for a whole JSON pointer."""
    why: str
    values: str = ".*"
    """A regular expression for whatever stands there, on either side."""

    def covers(self, pointer: str, pair: tuple[Any, Any]) -> bool:
        """Say whether a difference is this one."""
        said = (str(value) for value in pair if value != _ABSENT)
        return re.fullmatch(self.pointer, pointer) is not None and all(re.fullmatch(self.values, each) for each in said)


ALLOWED: Mapping[str, Sequence[Allowed]] = {
    "ionq": (
        Allowed(r"/qgw/.*", "the label that says what ran the job"),
        Allowed(r"/failure/error", "the reason, where the SDK looks for it"),
        Allowed(r"/metadata/qgw_mark", "our mark, by which a lost answer is found again"),
        Allowed(
            r"/(results|output/compilation/compiled_circuits)/ionq\.[a-z0-9.]+/id", "an artifact's format is its id"
        ),
    ),
    "braket": (
        Allowed(r"/qgw/.*", "the label that says what ran the task"),
        Allowed(r"/tags/qgw:execution", "the same as a tag"),
        Allowed(r"/tags/qgw-mark", "our mark"),
    ),
    "ibm": (
        Allowed(r"/qgw/.*", "the label that says what ran the job"),
        Allowed(r"/tags/\d+", "the same as a tag, in the place of our mark", r"qgw:execution=.*|qgw-[0-9a-f]{32}"),
    ),
}
IDS: Mapping[str, Sequence[str]] = {
    "ionq": ("/id", "/submitter_id", "/project_id", r"/child_job_ids/\d+", r"/output/.*/variant_id"),
    "braket": ("/quantumTaskArn", "/outputS3Bucket", "/outputS3Directory"),
    "ibm": ("/id", "/user_id", "/session_id"),
}
"""Where ids stand that are the vendor's on one side and ours on the other; anywhere else they are replaced."""


def unexpected(vendor: str, theirs: bytes, ours: bytes) -> dict[str, tuple[Any, Any]]:
    """Give the leaves that differ without a reason: pointer to what the vendor and what the gateway says."""
    told, shown = (dict(_leaves(json.loads(each))) for each in (theirs, ours))
    mapped = mapping(vendor, told, shown)
    differing = {
        pointer: (told.get(pointer, _ABSENT), shown.get(pointer, _ABSENT))
        for pointer in sorted(told.keys() | shown.keys())
        if _renamed(told.get(pointer, _ABSENT), mapped) != shown.get(pointer, _ABSENT)
    }
    return {
        pointer: pair
        for pointer, pair in differing.items()
        if not any(each.covers(pointer, pair) for each in ALLOWED[vendor])
    }


def mapping(vendor: str, told: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, str]:
    """Pair the vendor's ids with ours; one of theirs is never two of ours."""
    places = [re.compile(each) for each in IDS[vendor]]
    pairs = [
        (told[pointer], shown[pointer])
        for pointer in told.keys() & shown.keys()
        if any(place.fullmatch(pointer) for place in places)
        if isinstance(told[pointer], str) and isinstance(shown[pointer], str)
    ]
    mapped = dict(pairs)
    assert all(mapped[theirs] == ours for theirs, ours in pairs), pairs
    return mapped


def strangers(vendor: str, envelope: bytes) -> list[str]:
    """List what no client may be told: the vendor's ids in its own description of a job."""
    places = [re.compile(each) for each in IDS[vendor]]
    return [
        value
        for pointer, value in _leaves(json.loads(envelope))
        if isinstance(value, str) and any(place.fullmatch(pointer) for place in places)
    ]


def _leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Walk to everything that holds nothing else; an empty object or array is a leaf."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{pointer}/{key}")
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{pointer}/{index}")
    else:
        yield pointer, value


def _renamed(value: Any, mapped: Mapping[str, str]) -> Any:
    """Replace ids wherever they stand in a text, the longest first."""
    if isinstance(value, str):
        for each in sorted(mapped, key=len, reverse=True):
            value = value.replace(each, mapped[each])
    return value
