"""Exactly once, as a client sees it: which submission is another one, and which is the same one asked for again.

Stock SDKs post a paid job again when its answer did not arrive. A repeat is taken for such a retry only if key and
body are the same, the earlier answer did not leave whole (cut, timed out, 5xx), its job was never asked for since, and
the repeat comes within that SDK's own retry window. Where the client sends a token of its own, the token alone
decides. Everything else is a deliberate repeat and runs.

A crash takes this memory with it: jobs whose answer is not written down as arrived count as lost when the next
process starts. Where there are several replicas, lost answers are rows that all of them see (`losses.py`).
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from gateway.domain.errors import RefusedError
from gateway.domain.job import JobRecord
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission

Work: TypeAlias = tuple[str, str]
"""Key id and digest of what is to be done."""
Token: TypeAlias = tuple[str, str, str]
"""Project, principal, and the client's own token."""


class TokenReusedError(RefusedError):
    """One token was sent with two different submissions, so one of them is a mistake."""

    code = "repeat-token-reused"

    def __init__(self, *, client_job_id: str, noun: str = "job") -> None:
        super().__init__(
            f"this idempotency token was already used for {noun} {client_job_id} with another body; "
            "send a new token for new work, or the same body for the same"
        )


@dataclass(slots=True, eq=False, kw_only=True)
class Standing:
    """One submission that may be asked for again: its outcome, and whether anybody was told."""

    work: Work
    outcome: asyncio.Future[JobRecord]
    token: Token | None = None
    job_id: str | None = None
    """Its job, as soon as there is to be one."""
    listening: int = 0
    """Connections on which its answer is awaited."""
    told: bool = False
    lost_at: datetime | None = None
    """When the last connection that awaited it ended without a whole answer."""
    repeats: int = 0

    @property
    def refused(self) -> bool:
        """Whether nothing runs for it, so that asking again is a new submission."""
        return self.outcome.done() and self.outcome.exception() is not None


@dataclass(slots=True, kw_only=True)
class Delivery:
    """What became of one answer on its way out; the HTTP room tells, because only it can see the connection."""

    repeats: "Repeats"
    standing: Standing | None = None
    gone: bool = False

    def lost(self, now: datetime) -> None:
        """The connection was cut, or the answer was a 5xx; told twice it counts once."""
        if not self.gone:
            self.gone = True
            self.repeats.lost(self, now)

    def arrived(self) -> None:
        """The whole answer left on a connection that stood."""
        if not self.gone and self.standing is not None:
            self.repeats.told(self.standing)


@dataclass(slots=True, kw_only=True)
class Repeats:
    """A bounded memory of submissions whose clients may ask again; what was told longest ago is forgotten first."""

    capacity: int = 20_000
    shared: bool = False
    """Whether the database says which answers were lost, because a retry may reach another replica."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while lost answers wait to be written down."""
    _lost: defaultdict[Work, list[Standing]] = field(default_factory=lambda: defaultdict(list))
    _tokens: OrderedDict[Token, Standing] = field(default_factory=OrderedDict)
    _jobs: OrderedDict[str, Standing] = field(default_factory=OrderedDict)
    """By client job id, all that are in memory."""
    _answered: set[str] = field(default_factory=set)
    _under_way: dict[str, Standing] = field(default_factory=dict)
    """By internal id, until their outcome is known."""
    _unwritten: set[str] = field(default_factory=set)
    """Internal ids of jobs whose answers were lost, which is still to be written down."""
    _seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """Client ids of other replicas' jobs that were asked for here."""

    def join(
        self,
        caller: Caller,
        submission: Submission,
        delivery: Delivery,
        *,
        window: timedelta,
        now: datetime,
        retried: JobRecord | None = None,
    ) -> tuple[Standing, bool]:
        """Give the submission's standing, and whether an earlier request made it.

        `retried` is the job whose lost answer the database gave to this request; it decides where memory is `shared`.

        Raises:
            TokenReusedError: its token stands for other work.
        """
        work = work_of(caller, submission)
        token = _token(caller, submission)
        earlier = self._same(token, work) if token is not None else self._earlier(work, window, now, retried)
        standing = earlier or self._begin(work, token)
        delivery.standing = standing
        standing.repeats += earlier is not None
        if delivery.gone:
            self._note_lost(standing, now)
        else:
            standing.listening += 1
            standing.lost_at = None
        return standing, earlier is not None

    def begin(self, standing: Standing, job_id: str) -> None:
        """Note under which id a submission is about to be permitted."""
        self._under_way.pop(standing.job_id or "", None)
        standing.job_id = job_id
        self._under_way[job_id] = standing
        if standing.lost_at is not None:
            self._write_down(standing)

    def settle(self, standing: Standing, job: JobRecord) -> None:
        """Give the outcome to everybody who awaits it."""
        standing.job_id = job.id
        self._under_way.pop(job.id, None)
        self._jobs[job.client_job_id] = standing
        _bound(self._jobs, self.capacity)
        standing.outcome.set_result(job)

    def refuse(self, standing: Standing, error: BaseException) -> None:
        """Give a refusal to everybody who awaits it; nothing runs, so the next one is a new submission."""
        self._forget(standing)
        self._under_way.pop(standing.job_id or "", None)
        standing.outcome.set_exception(error)
        standing.outcome.exception()  # nobody else may be waiting for it

    def told(self, standing: Standing) -> None:
        """The client knows of its job: from now on the same body is meant to run again."""
        standing.listening -= 1
        self._told(standing)

    def asked(self, job: JobRecord) -> None:
        """Somebody asked for a job, so its client has received the id."""
        if standing := self._jobs.get(job.client_job_id):
            if not standing.told:
                self._told(standing)
        elif self.shared and job.client_job_id not in self._seen:
            self._seen[job.client_job_id] = None
            _bound(self._seen, self.capacity)
            self._answered.add(job.id)

    def lost(self, delivery: Delivery, now: datetime) -> None:
        """An answer did not leave whole."""
        if standing := delivery.standing:
            standing.listening -= 1
            if not standing.listening:
                self._note_lost(standing, now)

    def restore(self, jobs: Iterable[JobRecord], now: datetime) -> None:
        """After a restart: count every answer as lost that is not known to have arrived."""
        for job in jobs:
            self._note_lost(self._known(job), now)

    def learn(self, job: JobRecord) -> None:
        """Take in a job that the database knows by its token, and this memory not."""
        self._known(job).told = True

    def knows(self, caller: Caller, submission: Submission) -> bool:
        """Say whether a submission's token is in memory; without a token there is nothing to look up."""
        token = _token(caller, submission)
        return token is None or token in self._tokens

    def of(self, client_job_id: str) -> int:
        """How often a job's submission came again."""
        standing = self._jobs.get(client_job_id)
        return 0 if standing is None else standing.repeats

    def take_answered(self) -> frozenset[str]:
        """Give the internal ids of jobs whose clients know of them since this was last asked."""
        answered, self._answered = frozenset(self._answered), set()
        return answered

    def take_lost(self) -> frozenset[str]:
        """Give the internal ids of jobs whose answers were lost since this was last asked."""
        self.news.clear()
        lost, self._unwritten = frozenset(self._unwritten), set()
        return lost

    def keep_lost(self, lost: frozenset[str]) -> None:
        """Keep for the next time what could not be written down."""
        self._unwritten |= lost
        self.news.set()

    def is_foreign(self, job_id: str, client_job_id: str) -> bool:
        """Say whether nothing is known here of the answer to a job's submission, so that another replica knows."""
        return job_id not in self._under_way and client_job_id not in self._jobs

    def give_back(self, answered: frozenset[str]) -> None:
        """Keep for the next time what could not be written down."""
        self._answered |= answered

    def _begin(self, work: Work, token: Token | None) -> Standing:
        standing = Standing(work=work, token=token, outcome=asyncio.get_running_loop().create_future())
        if token is not None:
            self._tokens[token] = standing
            _bound(self._tokens, self.capacity)
        return standing

    def _known(self, job: JobRecord) -> Standing:
        token = None if job.repeat_token is None else (job.project_id, job.principal_id, job.repeat_token)
        standing = self._begin((job.key_id, job.work_digest), token)
        self.settle(standing, job)
        return standing

    def _earlier(self, work: Work, window: timedelta, now: datetime, retried: JobRecord | None) -> Standing | None:
        if not self.shared:
            return self._retried(work, window, now)
        if retried is None:
            return None
        return self._under_way.get(retried.id) or self._jobs.get(retried.client_job_id) or self._known(retried)

    def _retried(self, work: Work, window: timedelta, now: datetime) -> Standing | None:
        """Take the oldest lost submission of the same work: each retry answers one of them."""
        waiting = [each for each in self._lost.pop(work, ()) if each.lost_at and now - each.lost_at <= window]
        if not waiting:
            return None
        first, *others = waiting
        if others:
            self._lost[work] = others
        return first

    def _same(self, token: Token, work: Work) -> Standing | None:
        standing = self._tokens.get(token)
        if standing is not None and standing.work[1] != work[1]:
            known = standing.outcome.result().client_job_id if standing.outcome.done() else "(under way)"
            raise TokenReusedError(client_job_id=known)
        return standing

    def _note_lost(self, standing: Standing, now: datetime) -> None:
        if standing.told or standing.refused:
            return
        standing.lost_at = now
        self._write_down(standing)
        if self.shared:
            return
        if standing not in self._lost[standing.work]:
            self._lost[standing.work].append(standing)
        while len(self._lost) > self.capacity:
            del self._lost[next(iter(self._lost))]

    def _write_down(self, standing: Standing) -> None:
        if self.shared and standing.job_id is not None:
            self._unwritten.add(standing.job_id)
            self.news.set()

    def _told(self, standing: Standing) -> None:
        standing.told = True
        self._forget_loss(standing)
        if standing.outcome.done() and not standing.refused:
            self._answered.add(standing.outcome.result().id)

    def _forget(self, standing: Standing) -> None:
        self._forget_loss(standing)
        if standing.token is not None:
            self._tokens.pop(standing.token, None)

    def _forget_loss(self, standing: Standing) -> None:
        standing.lost_at = None
        waiting = [each for each in self._lost.pop(standing.work, ()) if each is not standing]
        if waiting:
            self._lost[standing.work] = waiting


def work_of(caller: Caller, submission: Submission) -> Work:
    """Name what a submission wants done, and by which key."""
    return caller.key.id, submission.work_digest or submission.body_digest


def _token(caller: Caller, submission: Submission) -> Token | None:
    if submission.repeat_token is None:
        return None
    return caller.project.id, caller.principal.id, submission.repeat_token


def _bound(
    memory: OrderedDict[Token, Standing] | OrderedDict[str, Standing] | OrderedDict[str, None], capacity: int
) -> None:
    while len(memory) > capacity:
        memory.popitem(last=False)
