"""Secrets from people: typed unseen, or read from a file or stdin. Never an argument: those show in process lists."""

import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import rich_click as click

from gateway.cli.output import say
from gateway.domain.secret import Secret

_FOR_OTHERS: Final = 0o077
STDIN = "-"

secrets_option = click.option(
    "--secrets",
    "source",
    type=click.Path(allow_dash=True, path_type=str),
    help="File with a line FIELD=SECRET for each, or with the one secret alone; - is stdin. Else each is asked for.",
)


def read_secrets(fields: Mapping[str, bool], source: str | None) -> dict[str, Secret]:
    """Read the secrets of an account.

    Args:
        fields: name to whether it is required, as the adapter's form says.
        source: a file, `-` for stdin, or `None`: then a person at a terminal is asked, and a pipe is read.

    Raises:
        UsageError: the file cannot be read, or a line is not understood; it is not shown.
    """
    if source is None and sys.stdin.isatty():
        return dict(_asked(fields))
    return dict(_parsed(_text(source or STDIN).splitlines(), fields))


def tell_if_open(path: Path) -> None:
    """Say that others can read a file with a secret; whoever names it here may have to use it all the same."""
    with suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _FOR_OTHERS:
            say(f"{path} has mode {mode:04o}, others can read the secret in it; run: chmod 600 {path}")


def _asked(fields: Mapping[str, bool]) -> Iterator[tuple[str, Secret]]:
    for name, required in fields.items():
        hint, default = (name, None) if required else (f"{name} (Enter leaves it out)", "")
        if text := click.prompt(hint, hide_input=True, default=default, show_default=False, err=True):
            yield name, Secret.of(text)


def _text(source: str) -> str:
    try:
        if source == STDIN:
            return sys.stdin.read()
        tell_if_open(Path(source))
        return Path(source).read_text("utf-8")
    except OSError as error:
        raise click.UsageError(f"the secrets cannot be read from {source}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"the secrets in {source} are no text in UTF-8") from None


def _parsed(lines: list[str], fields: Mapping[str, bool]) -> Iterator[tuple[str, Secret]]:
    told = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    required = [name for name, needed in fields.items() if needed]
    if len(told) == len(required) == 1 and told[0][1].partition("=")[0].strip() not in fields:
        yield required[0], Secret.of(told[0][1])
        return
    for number, line in told:
        name, equals, secret = (part.strip() for part in line.partition("="))
        if not equals or name not in fields:
            raise click.UsageError(f"line {number} of the secrets is no FIELD=SECRET; fields: {', '.join(fields)}")
        yield name, Secret.of(secret)
