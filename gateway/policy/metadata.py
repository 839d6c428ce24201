"""The METADATA block that begins every Rego file: the manual of a rule, for people and for the reference page.

Only what our files use of OPA's annotations: texts, folded texts (`>-`), lists of texts and the map `custom`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_MARK = "# METADATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a file says about its package; empty where it says nothing."""

    title: str = ""
    description: str = ""
    owner: str = ""
    severity: str = ""
    related_resources: tuple[str, ...] = field(default=())


def read(text: str) -> Metadata:
    """Read the block before `package`; a file without one gives empty metadata."""
    lines = list(_block(text))
    return Metadata(
        title=_value(lines, "title"),
        description=_value(lines, "description"),
        owner=_value(lines, "  owner"),
        severity=_value(lines, "  severity"),
        related_resources=tuple(
            line.strip().removeprefix("- ") for line in _under(lines, "related_resources") if line.strip()
        ),
    )


def _block(text: str) -> Iterator[str]:
    head, _, _ = text.partition("\npackage ")
    lines = iter(head.splitlines())
    if next(lines, "") != _MARK:
        return
    for line in lines:
        if not line.startswith("#"):
            return
        yield line.removeprefix("#").removeprefix(" ")


def _value(lines: list[str], name: str) -> str:
    for line in lines:
        if line.startswith(f"{name}:"):
            value = line.partition(":")[2].strip()
            return " ".join(each.strip() for each in _under(lines, name)) if value == ">-" else value
    return ""


def _under(lines: list[str], name: str) -> Iterator[str]:
    """Give the indented lines below a name."""
    inside = False
    for line in lines:
        if inside and not line.startswith("  "):
            return
        if inside:
            yield line
        inside = inside or line.startswith(f"{name}:")
