"""Collecting cosignatures: the ledger's newest checkpoint goes to every witness (C2SP tlog-witness, add-checkpoint).

A witness signs only what continues what it saw before. So one that has seen more than this ledger ever signed, as far
as it knows, proves that the ledger was rolled back; one that does not accept a proof proves that it was forked. In
both cases nothing more is signed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, TypeAlias

import structlog

from gateway.audit.checkpoint import Checkpoint, signers
from gateway.audit.note import Note, NoteError, VerifierKey, encoded, lines_of, signatures
from gateway.audit.publish import Checkpoints
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError
from gateway.domain.witnessing import Cosigned, Witnessing
from gateway.ports.vendor import VendorAnswer, VendorRequest
from gateway.store import checkpoints
from gateway.store.checkpoints import StoredCheckpoint
from gateway.telemetry import events

Send: TypeAlias = Callable[[VendorRequest], Awaitable[VendorAnswer]]

REFRESH: Final = timedelta(minutes=5)
"""How old a cosignature may get while the ledger stands still: a witness then says again that nothing came."""
AHEAD: Final = timedelta(minutes=5)
"""How far a witness's clock may be ahead of ours."""
FIRST_PAUSE: Final = timedelta(seconds=2)
LONGEST_PAUSE: Final = timedelta(minutes=5)
_SECONDS: Final = 10.0
_LARGEST_ANSWER: Final = 64 * 1024
_REMEMBERED: Final = 64
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A witness, as the settings name it."""

    name: str
    url: str
    """Its submission prefix, without a slash at the end."""
    keys: tuple[VerifierKey, ...]
    """Any of them is believed; lines of other keys are dropped."""
    send: Send = field(repr=False)
    """The way out; raises `GatewayError` where no answer came."""


@dataclass(slots=True)
class _State:
    """How far one witness is."""

    size: int = 0
    """The largest checkpoint it is known to have cosigned."""
    at: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    problem: str | None = None


class WitnessFailedError(Exception):
    """A witness did not cosign; what it said or did not say is the message."""


class Witnesses:
    """Asks witnesses, and knows how far they have seen the ledger."""

    def __init__(self, *, log: Checkpoints, peers: tuple[Peer, ...], required: int, clock: Clock) -> None:
        self._log, self._peers, self._required, self._clock = log, peers, required, clock
        self._states = {peer.name: _State() for peer in peers}
        self._seen: dict[int, dict[str, datetime]] = {}
        self._cosigned: tuple[int, datetime | None] = (0, None)
        self._latest: dict[str, Cosigned] = {}
        self._signed = 0

    @property
    def standing(self) -> Witnessing:
        """How far witnesses have seen the ledger; policy may ask this of every request, it reads nothing."""
        return Witnessing(
            required=self._required,
            configured=len(self._peers),
            signed_size=max(self._signed, self._log.newest.size if self._log.newest else 0),
            cosigned_size=self._cosigned[0],
            cosigned_at=self._cosigned[1],
            refused=self._log.refused,
            by=tuple(self._latest[name] for name in sorted(self._latest)),
        )

    @property
    def problems(self) -> Mapping[str, str]:
        """What is wrong with which witness now, in words."""
        return {name: state.problem for name, state in self._states.items() if state.problem}

    async def start(self) -> None:
        """Read how far each witness was when this gateway stopped."""
        async with self._log.database.reading() as connection:
            sizes = await checkpoints.cosigned(connection)
        for name, state in self._states.items():
            state.size = sizes.get(name, 0)
        await self.look()

    async def look(self) -> None:
        """Take in what witnesses cosigned, whichever process asked them: where others lead, only the database tells."""
        async with self._log.database.reading() as connection:
            sizes = await checkpoints.cosigned(connection)
            signed = await checkpoints.newest(connection)
            enough = await checkpoints.newest(connection, cosigned_by=max(1, self._required))
            last = [await checkpoints.at_size(connection, size) for size in sorted({*sizes.values()})]
        self._signed = signed.size if signed else 0
        for stored in (enough, *last):
            if stored is not None:
                self._take_stored(stored)

    async def run(self) -> None:
        """Take the newest checkpoint to every witness that has not cosigned it, or not lately."""
        if self._log.refused or not self._log.leads():
            return
        if (newest := self._log.newest) is not None:
            now = self._clock.now()
            due = [peer for peer in self._peers if self._due(self._states[peer.name], newest, now)]
            await asyncio.gather(*(self._ask(peer, newest) for peer in due))
        self._log.cleared = True

    def _due(self, state: _State, newest: StoredCheckpoint, now: datetime) -> bool:
        if state.retry_at is not None and now < state.retry_at:
            return False
        return state.size < newest.size or state.at is None or now - state.at >= REFRESH

    async def _ask(self, peer: Peer, newest: StoredCheckpoint) -> None:
        state = self._states[peer.name]
        try:
            await self._submit(peer, state, newest)
        except (GatewayError, WitnessFailedError, NoteError) as error:
            self._failed(peer, state, str(error))
        else:
            if state.problem:
                log.info(events.WITNESS_RECOVERED, witness=peer.name)
            state.failures, state.retry_at, state.problem = 0, None, None

    def _failed(self, peer: Peer, state: _State, problem: str) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(state.failures, 10), LONGEST_PAUSE)
        state.failures, state.retry_at = state.failures + 1, self._clock.now() + pause
        if state.problem != problem:
            log.warning(events.WITNESS_FAILED, witness=peer.name, message=problem)
        state.problem = problem
        self._log.metrics.asked(peer.name, "failed")

    async def _submit(self, peer: Peer, state: _State, newest: StoredCheckpoint) -> None:
        old = min(state.size, newest.size)
        answer = await peer.send(await self._request(peer, newest, old))
        if answer.status == HTTPStatus.CONFLICT:
            old = await self._judge_size(peer, newest, old, answer)
            state.size = old
            answer = await peer.send(await self._request(peer, newest, old))
        match answer.status:
            case HTTPStatus.OK:
                await self._take(peer, state, newest, answer.body)
            case HTTPStatus.CONFLICT:
                raise WitnessFailedError("it moved on while it was asked; it is asked again")
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                told = f"the witness {peer.name} does not accept that {newest.size} entries continue the {old} it saw"
                self._log.refuse(f"{told}: history was changed after it was signed")
                raise WitnessFailedError("it saw another history")
            case HTTPStatus.NOT_FOUND:
                raise WitnessFailedError("it does not know this ledger; give its operator `gateway audit policy`")
            case HTTPStatus.FORBIDDEN:
                raise WitnessFailedError("it does not know the ledger's keys; give its operator `gateway audit policy`")
            case _:
                raise WitnessFailedError(f"it answered {answer.status}")

    async def _request(self, peer: Peer, newest: StoredCheckpoint, old: int) -> VendorRequest:
        proof = await self._log.tree.consistency(old, newest.size)
        lines = "".join(f"{encoded(each)}\n" for each in proof)
        return VendorRequest(
            method="POST",
            url=f"{peer.url}/add-checkpoint",
            headers={"Content-Type": "text/plain; charset=utf-8"},
            body=f"old {old}\n{lines}\n{newest.note}".encode(),
            seconds=_SECONDS,
            largest=_LARGEST_ANSWER,
        )

    async def _judge_size(self, peer: Peer, newest: StoredCheckpoint, old: int, answer: VendorAnswer) -> int:
        """Give how far a witness says it is; what it cannot be proves that this is not the ledger it saw."""
        text = answer.body.decode("ascii", "replace").strip()
        if not text.isdecimal():
            raise WitnessFailedError("it answered 409 without the size it saw")
        size = int(text)
        if size == old == newest.size:
            self._log.refuse(f"the witness {peer.name} saw {size} entries with another root: the ledger was forked")
            raise WitnessFailedError("it saw another history")
        if size > newest.size:
            async with self._log.database.reading() as connection:
                latest = await checkpoints.newest(connection)
            if latest is None or size > latest.size:
                told = f"the witness {peer.name} cosigned {size} entries, {newest.size} are known to be signed"
                self._log.refuse(f"{told}: database and state directory were rolled back, as by a backup")
            raise WitnessFailedError(f"it saw {size} entries")
        return size

    async def _take(self, peer: Peer, state: _State, newest: StoredCheckpoint, body: bytes) -> None:
        note = Note.parse(newest.note.encode())
        try:
            answered = Note(note.text, signatures(body.decode()))
        except UnicodeDecodeError:
            raise WitnessFailedError("its answer is no text") from None
        found = signers(answered, Checkpoint.parse(note.text), peer.keys)
        now = self._clock.now()
        if not found or max(found.values()) > (now + AHEAD).timestamp():
            raise WitnessFailedError("its answer has no signature by a key of the settings, or one from the future")
        kept = [each for each in answered.signatures if any(each.by(key) for key in found)]
        async with self._log.database.writing() as connection:
            await checkpoints.cosign(connection, newest.size, peer.name, lines_of(kept), now)
        at = datetime.fromtimestamp(max(found.values()), tz=now.tzinfo)
        state.size, state.at = newest.size, now
        self._log.metrics.asked(peer.name, "cosigned")
        self._count(newest.size, peer.name, at)

    def _count(self, size: int, witness: str, at: datetime) -> None:
        """Note a cosignature; a checkpoint counts once enough witnesses signed this very one."""
        seen = self._seen.setdefault(size, {})
        seen[witness] = at
        known = self._latest.get(witness)
        if known is None or (size, at) >= (known.size, known.at):
            self._latest[witness] = Cosigned(witness=witness, size=size, at=at)
        for old in sorted(self._seen)[:-_REMEMBERED]:
            del self._seen[old]
        needed = max(1, self._required)
        moments = sorted(seen.values(), reverse=True)
        if len(moments) >= needed and size >= self._cosigned[0]:
            self._cosigned = (size, moments[needed - 1])
            self._log.metrics.cosigned(size, moments[needed - 1])

    def _take_stored(self, stored: StoredCheckpoint) -> None:
        note = Note.parse(stored.whole.encode())
        checkpoint = Checkpoint.parse(note.text)
        for peer in self._peers:
            if found := signers(note, checkpoint, peer.keys):
                at = datetime.fromtimestamp(max(found.values()), tz=stored.at.tzinfo)
                self._count(stored.size, peer.name, at)
