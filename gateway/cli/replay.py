"""`gateway replay`: run a sealed job once more on the simulator, and compare what comes out."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final, get_args

import rich_click as click

from gateway.casework.distances import Interval
from gateway.casework.replay import Estimated, Noise, Replay, Sampled
from gateway.cli.exits import Exit
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_fields, answer_json, answer_table, json_option, say
from gateway.settings import Settings
from gateway.wiring.replaying import open_replayer

_SAMPLED: Final = (
    "circuit",
    "set",
    "outcomes",
    "shots",
    "total variation",
    "95 % interval",
    "by chance",
    "hellinger",
    "hellinger interval",
    "p",
    "same",
)
_ESTIMATED: Final = ("circuit", "values", "largest deviation", "p", "same")
_TOLD: Final = ("kind", "backend", "simulator", "vendor", "method", "noise", "seed", "calibration_digest")


@click.command()
@click.argument("job_id", metavar="JOB")
@click.option(
    "--noise",
    type=click.Choice(get_args(Noise)),
    default="as-it-ran",
    show_default=True,
    help="Errors of the simulation: those the job had, none, or those of its backend's calibration snapshot.",
)
@json_option
@call
def replay(this: Call, /, *, job_id: str, noise: Noise, as_json: bool) -> Exit:
    """Run JOB (the SDK's id, or ours) again on the simulator, and compare both results with error bars.

    The ledger says that its payload was opened. A simulated job must come out the same shot for shot; hardware differs
    from a simulation by its own errors, which is no finding. Intervals hold the distance of the true distributions in
    at least 95 of 100 cases; `by chance` is the distance that shots alone explain in 19 of 20.

    Exits 0 when nothing contradicts the record, and 1 when the payload or the circuits do not have the recorded digest,
    or a simulated job does not come out again.
    """
    found = asyncio.run(_replay(this.settings, job_id, noise))
    if as_json:
        answer_json(asdict(found) | {name: getattr(found, name) for name in ("identical", "different", "holds")})
    else:
        _tell(found)
    return Exit.DONE if found.holds else Exit.NO


async def _replay(settings: Settings, job_id: str, noise: Noise) -> Replay:
    async with open_replayer(settings) as replayer:
        return await replayer.replay(job_id, noise=noise)


def _tell(found: Replay) -> None:
    answer_fields(dict(_told(found)))
    if found.sampled:
        click.echo()
        answer_table([_sampled(each) for each in found.sampled], _SAMPLED)
    if found.estimated:
        click.echo()
        answer_table([_estimated(each) for each in found.estimated], _ESTIMATED)
    if found.left_out:
        say(f"{found.left_out} more parameter sets were not compared")
    say(verdict(found))


def verdict(found: Replay) -> str:
    """Say in a sentence what a replay means."""
    if not (found.payload_holds and found.circuits_hold):
        return "the sealed payload is not the one that the ledger names"
    if found.identical:
        return "it came out the same, shot for shot"
    if found.repeatable:
        return (
            "it was simulated with the same seed and noise, and did not come out the same: the record is contradicted"
        )
    if not found.different:
        return "chance explains the differences"
    if found.then["kind"] == "hardware":
        return "it differs by more than chance, as hardware does: its errors are not those of this simulation"
    return "it differs by more than chance: it was simulated otherwise than now"


def _told(found: Replay) -> Iterator[tuple[str, Any]]:
    yield "job", found.client_job_id
    yield "payload digest holds", found.payload_holds
    yield "circuits digest holds", found.circuits_hold
    for name in _TOLD:
        yield f"{name} then", found.then.get(name)
        yield f"{name} now", found.now.get(name)


def _sampled(each: Sampled) -> Mapping[str, Any]:
    found = each.distance
    return {
        "circuit": each.item,
        "set": each.binding,
        "outcomes": found.outcomes,
        "shots": f"{found.shots[0]}/{found.shots[1]}",
        "total variation": f"{found.total_variation:.4f}",
        "95 % interval": _interval(found.total_variation_interval),
        "by chance": f"{found.by_chance:.4f}",
        "hellinger": f"{found.hellinger:.4f}",
        "hellinger interval": _interval(found.hellinger_interval),
        "p": f"{found.p_value:.3f}",
        "same": each.identical,
    }


def _estimated(each: Estimated) -> Mapping[str, Any]:
    return {
        "circuit": each.item,
        "values": each.values,
        "largest deviation": f"{each.largest_deviation:.2f} standard errors",
        "p": f"{each.p_value:.3g}",
        "same": each.identical,
    }


def _interval(interval: Interval) -> str:
    return f"{interval.low:.4f} to {interval.high:.4f}"
