"""What every section of the tree has in common."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, knows its fields and no others, and never shows a value in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


Place = Annotated[Path, AfterValidator(_absolute)]
"""A path; `~` is the home directory, and a relative one starts where the command was called."""
