"""Governed submissions from many clients at once, against a proxy that governs nothing."""

from contextlib import ExitStack

from tests.bench import bodies, litellm, loads
from tests.bench.deployment import bearer, deploy, pid_of, submission
from tests.bench.outcome import Budget, Outcome, Series, ratio
from tests.bench.processes import Meter, peak_mebibytes, serving
from tests.bench.scale import Scale
from tests.bench.traffic import NUMBER, Load, Plan, Request, drive

TITLE = "Sustained submissions"
CLIENTS = 64
TEAMS = 4


def measure(scale: Scale) -> Outcome:
    """Drive whole lives, submissions alone, and LiteLLM in turn."""
    deployment = deploy(scale.scratch / "sustained", scientists=CLIENTS, projects=TEAMS)
    waits: list[Load] = []
    again: list[Load] = []
    lives: list[Load] = []
    theirs: list[Load] = []
    costs: list[float] = []
    with ExitStack() as stack:
        port = _litellm(scale, stack)
        gateway = stack.enter_context(deployment.running())
        tokens = [bearer(gateway, key) for key in deployment.keys]
        for _ in range(scale.runs):
            if port is not None:
                theirs.append(drive(_plan(port, [litellm.REQUEST], scale)))
            with Meter().over(pid_of(gateway)) as meter:
                waits.append(drive(_plan(gateway.port, _submissions(tokens, "sink_waits"), scale)))
            costs.append(meter.seconds / waits[-1].answers * 1e3)
            again.append(drive(_plan(gateway.port, _submissions(tokens, "sink_waits", alike=True), scale)))
            lives.append(drive(_plan(gateway.port, _submissions(tokens, "sink_done"), scale)))
        memory = peak_mebibytes(serving(pid_of(gateway)).pid)
    rate = loads.rate("governed submissions", waits)
    yardstick = loads.rate("LiteLLM, nothing governed", theirs) if theirs else _documented(scale)
    factor = ratio("submissions, over LiteLLM", rate.values, yardstick.values)
    return Outcome(
        series=(
            rate,
            yardstick,
            factor,
            *loads.latencies("governed submission", waits),
            loads.rate("governed submissions, one body again and again", again),
            loads.rate("whole lives: submitted, completed, sealed, settled", lives),
            Series(what="CPU of one submission, all processes", unit="ms", values=tuple(costs)),
            Series(what="peak memory of the serving process", unit="MiB", values=(memory,)),
        ),
        budgets=(Budget(promise="at least 5 times LiteLLM with nothing governed", found=factor, at_least=5.0),),
        note=(
            f"{CLIENTS} keep-alive connections, each a scientist with a key of their own in one of {TEAMS} projects, "
            "driven by one client process on the same cores. Each submission has a body of its own with the same two "
            "circuits, as of somebody who varies parameters: a reader measures those once. LiteLLM's proxy runs one "
            "worker with a master key and no database, in front of a fixed answer on loopback."
            + ("" if theirs else " It could not be had on this machine: its row is a documented rate, not a run.")
        ),
    )


def _litellm(scale: Scale, stack: ExitStack) -> int | None:
    """Start it; gives its port, or nothing where it cannot be had."""
    try:
        return stack.enter_context(litellm.proxying(scale.scratch / "litellm"))
    except (litellm.MissingToolError, TimeoutError) as error:
        print(f"LiteLLM: {error}")
        return None


def _submissions(tokens: list[dict[str, str]], backend: str, *, alike: bool = False) -> list[Request]:
    """Write one request a scientist; each time it is sent its body is new, as real ones are, or always the same."""
    body = bodies.bell(backend, tags=["same" if alike else f"run-{NUMBER.decode()}"])
    return [submission(token, body) for token in tokens]


def _plan(port: int, requests: list[Request], scale: Scale) -> Plan:
    return Plan(port=port, requests=requests, connections=CLIENTS, seconds=scale.load_seconds)


def _documented(scale: Scale) -> Series:
    values = (litellm.DOCUMENTED_RATE,) * scale.runs
    return Series(what="LiteLLM, nothing governed (documented, not run)", unit="requests/s", values=values)
