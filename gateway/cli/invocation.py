"""One call of the command line: where its settings are, read once and only by commands that need them."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import rich_click as click

from gateway.settings import Settings, load


@dataclass
class Call:
    """What every command gets."""

    config: Path | None

    @cached_property
    def settings(self) -> Settings:
        """The settings; wrong ones end the command with a line for each."""
        return load(self.config, os.environ)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What another process of ours needs to read the same settings."""
        return ("--config", str(self.config)) if self.config else ()


call = click.pass_obj
"""Hands a command its `Call`."""
