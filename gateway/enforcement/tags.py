"""Tags a client puts on its jobs: few and short, because they are shown in every listing."""

from typing import Final

from gateway.domain.errors import RefusedError

MOST_TAGS: Final = 32
LONGEST_TAG: Final = 128
"""In characters."""


class TagsRefusedError(RefusedError):
    """Too many tags, or one that is too long or empty."""

    code = "tags-refused"

    def __init__(self, *, found: str) -> None:
        super().__init__(f"{found}; a job takes up to {MOST_TAGS} tags of 1 to {LONGEST_TAG} characters")


def check_tags(tags: tuple[str, ...]) -> None:
    """Check tags before they are stored.

    Raises:
        TagsRefusedError: too many, too long, or empty.
    """
    if len(tags) > MOST_TAGS:
        raise TagsRefusedError(found=f"{len(tags)} tags given")
    if wrong := [len(tag) for tag in tags if not 0 < len(tag) <= LONGEST_TAG]:
        raise TagsRefusedError(found=f"a tag of {wrong[0]} characters given")
