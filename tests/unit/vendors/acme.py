"""A vendor that answers as it is told, a way out that writes everything down, and time that passes when asked to."""

# ruff: noqa: ARG002  # doubles take whatever a port hands over
import asyncio
import heapq
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from gateway.domain.backend import Backend, BackendStatus, Calibration, ExecutionKind
from gateway.domain.decision import Placement
from gateway.domain.permit import Permit
from gateway.domain.result import ProgramResult
from gateway.domain.secret import Secret
from gateway.ports.upstream import Attempt, Order, UpstreamContext
from gateway.ports.vendor import (
    Account,
    BackendReport,
    Prepared,
    Resend,
    VendorAnswer,
    VendorJob,
    VendorRefusedError,
    VendorRequest,
)
from gateway.telemetry.metrics import Metrics
from gateway.vendors.settings import VendorPace
from gateway.vendors.timing import Timing
from gateway.vendors.upstream import VendorUpstream

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERYBODY = Account(id="a-all", vendor="acme", name="all", project_id=None, attributes={}, version=1)
LAB = replace(EVERYBODY, id="a-lab", name="lab", project_id="lab")
RESULT = ProgramResult(
    items=(),
    metadata={},
    started_at="2026-03-01T12:00:00Z",
    finished_at="2026-03-01T12:00:01Z",
    cpu_seconds=0,
    seconds=1,
)


class Inline(ThreadPoolExecutor):
    """Runs at once what would run in a thread, so that a test knows when it is done."""

    def submit(self, work, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


class Time:
    """A clock whose hands a test moves; whoever sleeps wakes in the right order, at the right moment."""

    def __init__(self):
        self.seconds, self._sleepers, self._serial = 0.0, [], count()
        self.timing = Timing(clock=self, monotonic=lambda: self.seconds, sleep=self.sleep, random=lambda: 0.0)

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    async def sleep(self, seconds):
        waker = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + max(0.0, seconds), next(self._serial), waker))
        await waker

    async def settle(self):
        for _ in range(60):
            await asyncio.sleep(0)

    async def passes(self, seconds):
        """Let time pass, step by step."""
        end = self.seconds + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, waker = heapq.heappop(self._sleepers)
            if not waker.done():
                self.seconds = max(self.seconds, moment)
                waker.set_result(None)
                await self.settle()
        self.seconds = end
        await self.settle()


def backend(name="qpu", *, kind=ExecutionKind.HARDWARE):
    return Backend(
        name=name,
        upstream="acme",
        vendor="acme",
        region="eu",
        kind=kind,
        qubits=5,
        basis_gates=("rx",),
        gates=(),
        coupling_map=(),
        supported_instructions=(),
        max_shots=1000,
        max_circuits=3,
        dynamic_circuits=False,
        processor_family="a",
        processor_revision="1",
        version="1",
        online_since=NOON,
        description="",
        rep_delay_seconds=(0, 0, 0),
        dt_seconds=1e-9,
    )


def report(name="qpu", *, online=True, queue=3, message="", **kind):
    status = BackendStatus(online=online, queue_length=queue, message=message)
    return BackendReport(backend=backend(name, **kind), status=status)


def snapshot(minutes=0, backend="qpu"):
    taken_at = NOON + timedelta(minutes=minutes)
    return Calibration(backend=backend, digest="", taken_at=taken_at, qubits=(), gates=(), provenance={"id": "c"})


def missing():
    return VendorRefusedError(vendor="acme", status=404, words="no such job")


class Acme:
    """Each question takes its next answer from `script[question]`, the last of which stays; errors are raised."""

    name, settle_seconds, bounds_time = "acme", 60.0, True

    def __init__(self, time):
        self.time, self.resend = time, Resend.AFTER_SEARCH
        self.asked, self.decoded = [], []
        self.script = {
            "backends": [[report()]],
            "calibration": [snapshot()],
            "submit": ["v-1"],
            "find": [None],
            "recent": [[]],
            "show": [VendorJob(id="v-1", status="queued", queue_position=4, envelope=b'{"s":"queued"}')],
            "documents": [{"result": b"[1]"}],
            "cancel": [None],
        }

    def answers(self, question, *answers):
        self.script[question] = list(answers)

    def times(self, question):
        """When it was asked."""
        return [moment for moment, each, _ in self.asked if each == question]

    async def _answer(self, call, question, about):
        self.asked.append((self.time.seconds, question, about))
        await call.open(question)
        await call.send(VendorRequest(method="GET", url="https://acme.example.org/"))
        script = self.script[question]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if asyncio.isfuture(answer):
            return await answer
        if callable(answer) and not isinstance(answer, type):
            answer = answer(about)
        if isinstance(answer, BaseException) or (isinstance(answer, type) and issubclass(answer, BaseException)):
            raise answer
        return answer

    async def backends(self, call):
        return await self._answer(call, "backends", call.account.id)

    async def calibration(self, call, backend):
        return await self._answer(call, "calibration", backend)

    def prepare(self, account, dispatch):
        return Prepared(body=dispatch.body + b"!" + dispatch.mark.encode(), edits=())

    async def submit(self, call, dispatch, prepared):
        return await self._answer(call, "submit", dispatch.mark)

    async def find(self, call, dispatches, *, since):
        answers = {each.mark: await self._answer(call, "find", each.mark) for each in dispatches}
        return {mark: job for mark, job in answers.items() if job}

    async def recent(self, call, *, since):
        return await self._answer(call, "recent", since)

    async def show(self, call, vendor_job_id):
        return await self._answer(call, "show", vendor_job_id)

    async def documents(self, call, job):
        return await self._answer(call, "documents", job.id)

    async def cancel(self, call, vendor_job_id):
        return await self._answer(call, "cancel", vendor_job_id)

    def decode(self, submitted, documents):
        self.decoded.append(submitted)
        if documents.get("result") == b"bad":
            raise ValueError("not what the format says")
        return RESULT


class Outside:
    """Implements `ports.upstream.Outside` over lists."""

    def __init__(self):
        self.live = [EVERYBODY]
        self.gone = []
        self.told = []
        self.opened = []
        self.sent = []
        self.snapshots = []

    def account(self, vendor, project_id):
        own = [each for each in self.live if each.project_id == project_id]
        return next(iter(own or [each for each in self.live if each.project_id is None]), None)

    def account_by_id(self, account_id):
        return next((each for each in [*self.live, *self.gone] if each.id == account_id), None)

    def accounts(self, vendor):
        return list(self.live)

    async def credential(self, account, purpose):
        self.opened.append((account.id, purpose))
        return {"key": Secret.of("canary")}

    async def send(self, vendor, request):
        self.sent.append(request)
        return VendorAnswer(status=200, headers={}, body=b"")

    async def tell(self, event, body, *, calibration=None):
        self.told.append((event, dict(body)))

    async def kept(self, backend, limit):
        return [each for each in self.snapshots if each.backend == backend][-limit:]

    def events(self, *names):
        return [(event, body) for event, body in self.told if event in names]


class House:
    """An upstream over Acme, and everything it was handed."""

    def __init__(self, *, books=None, **pace):
        asyncio.get_running_loop().set_default_executor(Inline())
        self.time = Time()
        self.acme, self.outside, self.metrics = Acme(self.time), Outside(), Metrics()
        self.reports, self.refusals = [], []
        context = UpstreamContext(
            clock=self.time, progress=self.progress, state_dir=None, readers={}, outside=self.outside
        )
        self.upstream = VendorUpstream(
            self.acme,
            context,
            VendorPace(**pace),
            metrics=self.metrics.vendors,
            books=books,
            timing=self.time.timing,
        )

    async def progress(self, progress):
        if self.refusals:
            raise self.refusals.pop(0)
        self.reports.append(progress)

    @property
    def statuses(self):
        return [progress.status for progress in self.reports]

    async def start(self):
        await self.upstream.start()
        await self.time.settle()

    def order(self, body=b"{}"):
        return Order(
            reader="acme", body=body, program="p", facts=None, principal_id="ann", max_seconds=None, calibration=None
        )

    async def submit(self, job_id="job", attempt=1, project_id="lab"):
        order = self.order()
        prepared = self.upstream.prepare(job_id, attempt, project_id, "qpu", order)
        return await self.upstream.submit(permit(job_id, attempt), replace(order, prepared=prepared))

    def attempt(self, job_id="job", attempt=1, **changes):
        known = {
            "job_id": job_id,
            "attempt": attempt,
            "project_id": "lab",
            "backend": "qpu",
            "account_id": "a-all",
            "permitted_at": self.time.now(),
            "body": b"{}",
        }
        return Attempt(**{**known, **changes})

    def counted(self, name, *labels):
        """Give a metric's value, 0 when nothing was counted."""
        for family in self.metrics.registry.collect():
            for sample in family.samples:
                if sample.name == name and tuple(sample.labels.values()) == labels:
                    return sample.value
        return 0


def permit(job_id="job", attempt=1, name="qpu"):
    where = Placement(upstream="acme", backend=name, kind=ExecutionKind.HARDWARE, fallback=False, reason="")
    return Permit(job_id=job_id, attempt=attempt, placement=where, seq=1, event_id="e")
