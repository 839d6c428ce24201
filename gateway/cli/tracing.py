"""Shows people how each rule came to what it said: what it worked out, what it said, and which lines were reached."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import rich_click as click

from gateway.cli.output import say
from gateway.policy.bundle import Bundle
from gateway.policy.trace import Step, trace

_LONGEST: Final = 160


def tell_trace(bundle: Bundle, facts: bytes, *, only: str | None = None) -> None:
    """Follow the rules that said something, or one rule, whatever it said; on stdout.

    Raises:
        PolicyTraceError: the policies do not load, or fail on these facts.
        click.UsageError: there is no such rule.
    """
    steps = asyncio.run(trace(bundle, facts))
    shown = [step for step in steps if step.said] if only is None else [step for step in steps if step.rule == only]
    if only is not None and not shown:
        raise click.UsageError(
            f"there is no rule {only}; the rules are {', '.join(sorted(step.rule for step in steps))}"
        )
    for step in shown:
        for line in _lines(step):
            click.echo(line)
    silent = [step.rule for step in steps if not step.said]
    if only is None and silent:
        say(f"said nothing: {', '.join(silent)}; follow one with --rule")


def _lines(step: Step) -> Iterator[str]:
    yield f"{step.rule}: {step.title}"
    for name, value in sorted(step.values.items()):
        yield f"  {name} = {_short(value)}"
    for name, found in step.said.items():
        for each in found:
            yield f"  {name}: {each.get('message', _short(each)) if isinstance(each, dict) else _short(each)}"
    yield f"  {step.path}"
    for number, text, held in step.lines:
        yield f"  {number:>4} {'+' if held else ' '} {text.expandtabs(4)}"


def _short(value: Any) -> str:
    text = msgspec.json.encode(value, order="sorted").decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
