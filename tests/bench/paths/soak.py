"""Memory after many requests: polls, with a submission and its result now and then."""

from tests.bench import bodies
from tests.bench.deployment import bearer, deploy, pid_of, submission
from tests.bench.outcome import Budget, Outcome, Series
from tests.bench.paths.polls import waiting
from tests.bench.processes import peak_mebibytes, resident_mebibytes, serving
from tests.bench.scale import Scale
from tests.bench.traffic import Plan, Request, drive

TITLE = "Memory"
PORTIONS = 10
CONNECTIONS = 16
_FLAT = 1.05
"""Growth that still counts as flat: caches with a bound fill, allocators keep what they had."""
_PORTION_SECONDS = 120.0


def measure(scale: Scale) -> Outcome:
    """Send the requests in portions, and look at the resident size after each."""
    deployment = deploy(scale.scratch / "soak")
    sizes = []
    with deployment.running() as gateway:
        pid = serving(pid_of(gateway)).pid
        requests = [*waiting(gateway, deployment.keys[0])[1:], _whole_life(bearer(gateway, deployment.keys[0]))]
        for _ in range(PORTIONS):
            drive(
                Plan(
                    port=gateway.port,
                    requests=requests,
                    connections=CONNECTIONS,
                    seconds=_PORTION_SECONDS,
                    most=scale.soak_requests // PORTIONS,
                )
            )
            sizes.append(resident_mebibytes(pid))
        peak = peak_mebibytes(pid)
    growth = Series(what="after all of them, over after a fifth", unit="times", values=(sizes[-1] / sizes[1],))
    return Outcome(
        series=(
            Series(what="resident size, a tenth of the requests each", unit="MiB", values=tuple(sizes)),
            Series(what="peak memory of the serving process", unit="MiB", values=(peak,)),
            growth,
        ),
        budgets=(Budget(promise="resident size flat", found=growth, at_most=_FLAT),),
        note=(
            f"{scale.soak_requests:,} requests over {CONNECTIONS} connections: one of them submits jobs that complete "
            f"at once, the others poll. Flat means within {_FLAT} times from a fifth of the way to the end: "
            + ", ".join(f"{size:.0f}" for size in sizes)
            + " MiB."
        ),
    )


def _whole_life(token: dict[str, str]) -> Request:
    return submission(token, bodies.bell("sink_done"))
