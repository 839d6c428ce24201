"""How long what is kept. Nothing set is for good; a legal hold goes before every rule."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from gateway.settings.section import Section

_Days = Annotated[int, Field(ge=1, le=36_500)]


class KeptDays(Section):
    """How many days after a job's submission its sealed parts are erased, here and in every backup."""

    payloads: _Days | None = None
    """What was submitted, and what was sent to a vendor in its place."""
    results: _Days | None = None
    """What jobs returned."""
    facts: _Days | None = None
    """What policy was told of each decision, denials included; without it a decision cannot be made again."""


class Retention(KeptDays):
    """How long what is kept; `gateway retention plan` counts what is due, `gateway retention run` does it."""

    entries: Annotated[int, Field(ge=30, le=36_500)] | None = None
    """After how many days ledger entries lose their bodies; their hashes stay, and every proof with them."""
    projects: dict[str, KeptDays] = Field(default={})
    """Other numbers for single projects, by name or id."""
    automatic: bool = False
    """Whether the gateway applies the rules itself, a few times a day."""

    @model_validator(mode="after")
    def _refuse_orphans(self) -> Self:
        facts = [self.facts, *(each.facts or self.facts for each in self.projects.values())]
        if self.entries is not None and any(days is None or days > self.entries for days in facts):
            raise ValueError(
                "facts may not outlive the entries that lead to them: set retention.facts, everywhere and for each "
                "project, to no more days than retention.entries"
            )
        return self
