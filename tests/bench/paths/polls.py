"""A poll of a waiting job, against a constant JSON of the same size from the same server."""

from tests.bench import bodies, loads
from tests.bench.constant import answering
from tests.bench.deployment import bearer, deploy, pid_of, poll, submission
from tests.bench.outcome import Budget, Outcome, Series, ratio
from tests.bench.processes import Meter, peak_mebibytes, serving
from tests.bench.scale import Scale
from tests.bench.traffic import Plan, Request, drive
from tests.running import Gateway

TITLE = "Polls"
CONNECTIONS = 16
WAITING_JOBS = 16


def measure(scale: Scale) -> Outcome:
    """Drive both sides in turn."""
    deployment = deploy(scale.scratch / "polls")
    ours, theirs, costs = [], [], []
    with deployment.running() as gateway:
        polls = waiting(gateway, deployment.keys[0])
        body = drive(_plan(gateway.port, polls[:1], seconds=0.2)).sample
        with answering(body) as port:
            for _ in range(scale.runs):
                theirs.append(drive(_plan(port, [Request("GET", "/")], seconds=scale.load_seconds)))
                with Meter().over(pid_of(gateway)) as meter:
                    ours.append(drive(_plan(gateway.port, polls, seconds=scale.load_seconds)))
                costs.append(meter.seconds / ours[-1].answers * 1e6)
        memory = peak_mebibytes(serving(pid_of(gateway)).pid)
    rate, constant = loads.rate("poll of a waiting job", ours), loads.rate("constant JSON of the same size", theirs)
    share = ratio("poll, as a share of the constant", rate.values, constant.values)
    return Outcome(
        series=(
            rate,
            constant,
            share,
            *loads.latencies("poll", ours),
            Series(what="CPU of one poll, all processes", unit="us", values=tuple(costs)),
            Series(what="peak memory of the serving process", unit="MiB", values=(memory,)),
        ),
        budgets=(Budget(promise="at least half of what a constant JSON reaches", found=share, at_least=0.5),),
        note=(
            f"{CONNECTIONS} keep-alive connections poll {WAITING_JOBS} waiting jobs with a bearer token, as the stock "
            f"SDK does, and read {len(body)} bytes. The constant is a plain Litestar handler on the same server, in "
            "a process of its own; one client process on the same two cores drives both sides in turn."
        ),
    )


def waiting(gateway: Gateway, key: str) -> list[Request]:
    """Submit jobs that never run; gives the requests that poll them."""
    token = bearer(gateway, key)
    sent = submission(token, bodies.bell("sink_waits"))
    answers = [
        gateway.request(sent.method, sent.path, headers=sent.headers, body=sent.body) for _ in range(WAITING_JOBS)
    ]
    return [poll(token, answer.json()["id"]) for answer in answers]


def _plan(port: int, requests: list[Request], *, seconds: float) -> Plan:
    return Plan(port=port, requests=requests, connections=CONNECTIONS, seconds=seconds)
