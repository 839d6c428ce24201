"""What is held for jobs and what became of it: the journal that says so, and the balances that move with it.

A hold takes from every limit that counts its payer, or from none. It keeps a line for each, so that its settlement,
its release and every later correction move exactly those balances, whatever became of the limits since.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.budget import Charge, Limit, Payer, Period, Unit
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.errors import GatewayError, RefusedError
from gateway.domain.exceeded import BudgetCurrencyError
from gateway.domain.writes import HoldWrite
from gateway.store import balances
from gateway.store.balances import Need, Needs
from gateway.store.bulk import insert_rows
from gateway.store.limits import Known, LimitSet
from gateway.store.money_tables import budget_limit, hold, hold_line, journal

AMOUNTS: Final[Mapping[Unit, str]] = {
    Unit.MONEY: "amount_micros",
    Unit.JOBS: "jobs",
    Unit.CIRCUITS: "circuits",
    Unit.SHOTS: "shots",
    Unit.QPU_MILLISECONDS: "qpu_milliseconds",
    Unit.SESSION_SECONDS: "session_seconds",
}
"""The column of the journal that keeps each unit."""

_AFTER: Final = {"settle": "settled", "release": "released", "correct": "settled"}
_BEFORE: Final = {"settle": ["held"], "release": ["held"], "correct": ["settled", "released"]}

# Built once, because every outcome settles.
_CLOSE: Final = (
    update(hold)
    .where(hold.c.job_id.in_(bindparam("jobs", expanding=True)), hold.c.state.in_(bindparam("before", expanding=True)))
    .values(state=bindparam("after"))
)
_LINES: Final = (
    select(hold_line, budget_limit.c.unit, budget_limit.c.currency, budget_limit.c.period)
    .join(budget_limit, budget_limit.c.id == hold_line.c.limit_id)
    .where(hold_line.c.job_id.in_(bindparam("jobs", expanding=True)))
)
_STORY: Final = select(journal).where(journal.c.job_id == bindparam("job")).order_by(journal.c.id)


class HoldClosedError(Exception):
    """A hold is settled, released or corrected that is not there, or not in that state (any more)."""

    def __init__(self, action: str) -> None:
        super().__init__(f"there is no {'settled' if action == 'correct' else 'open'} hold to {action}")


class HoldTwiceError(Exception):
    """Two writes of a batch are about one job: each needs what the other leaves, so they go one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a batch did to the balances, and what its holds and journal lines must say of it."""

    refused: Mapping[str, GatewayError] = field(default_factory=dict)
    """Why a job holds nothing; nothing else of its unit may be written."""
    lines: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Of each new hold, which balances it took from."""
    differences: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of each correction, by how much it changes what was settled before."""


async def held(connection: AsyncConnection, job_id: str) -> HoldWrite | None:
    """Read what a job holds now, to be settled or released; `None` when it holds nothing (any more)."""
    query = select(journal).join(hold, hold.c.job_id == journal.c.job_id)
    query = query.where(journal.c.job_id == job_id, journal.c.action == "hold", hold.c.state == "held")
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _write(row)


async def charged(connection: AsyncConnection, job_id: str) -> HoldWrite | None:
    """Read what a job was settled for, corrections included, to be corrected; `None` while it is open or unknown."""
    story = (await connection.execute(_STORY, {"job": job_id})).all()
    if all(row.action == "hold" for row in story):
        return None
    return replace(_write(story[0]), action="settle", charge=_charge(_taken(story)), native=_native(story))


async def cost(connection: AsyncConnection, job_id: str) -> tuple[str, int | None, int | None]:
    """Read what was held for a job and what it was settled for, with the currency (empty where nothing was held)."""
    story = (await connection.execute(_STORY, {"job": job_id})).all()
    held = next((int(row.amount_micros) for row in story if row.action == "hold"), None)
    closed = any(row.action != "hold" for row in story)
    taken = _taken(story)
    return taken["currency"] if story else "", held, taken["amount_micros"] if closed else None


def move(connection: Connection, writes: Sequence[HoldWrite], known: Known) -> Moved:
    """Move the balances of all limits that count these jobs; a job that one of them refuses moves none.

    Raises:
        HoldClosedError: there is nothing (any more) to be settled, released or corrected.
        HoldTwiceError: two of the writes are about one job.
        BalanceMovedError: they are not allowed the same, and must be tried one by one.
    """
    if not writes:
        return Moved()
    if len({write.job_id for write in writes}) < len(writes):
        raise HoldTwiceError
    limits = known.read(connection)
    differences = _differences(connection, [write for write in writes if write.action == "correct"])
    # First what is given back: the same batch may take it again.
    _close(connection, [write for write in writes if write.action != "hold"], differences, limits)
    moved = _open(connection, [write for write in writes if write.action == "hold"], limits)
    return replace(moved, differences=differences)


def write_down(connection: Connection, placed: Iterable[tuple[HoldWrite, int]], moved: Moved) -> None:
    """Write the holds that were taken, and for every movement the journal line naming the entry (`seq`) it rests on."""
    lines = [_columns(write, seq) for write, seq in placed]
    for line in lines:
        line.update(moved.differences.get(line["job_id"], ()))
    opened = [line for line in lines if line["action"] == "hold"]
    insert_rows(connection, hold, [{**line, "state": "held"} for line in opened])
    insert_rows(connection, hold_line, [each for line in opened for each in moved.lines[line["job_id"]]])
    insert_rows(connection, journal, lines)


def _open(connection: Connection, writes: Sequence[HoldWrite], limits: LimitSet) -> Moved:
    lines: dict[str, list[dict[str, Any]]] = {}
    asked: dict[str, Needs] = {}
    refused: dict[str, GatewayError] = {}
    for write in writes:
        try:
            counting = _counting(write, limits)
        except RefusedError as error:
            refused[write.job_id] = error
            continue
        lines[write.job_id] = [
            {"job_id": write.job_id, "limit_id": limit.id, "window_start": key, "held": amount}
            for limit, key, amount in counting
        ]
        asked[write.job_id] = {
            (limit.id, key): Need(limit=limit, amount=amount, at=write.held_at, allowed=limit.allows(write.held_at))
            for limit, key, amount in counting
            if amount
        }
    return Moved(lines=lines, refused=refused | balances.take(connection, asked))


def _counting(write: HoldWrite, limits: LimitSet) -> list[tuple[Limit, str, int]]:
    """List the limits that count a hold, the window each counts it in, and how much it takes there."""
    return [
        (limit, key, _needed(limit, write.charge))
        for limit in limits.of(write.payer)
        if (key := limits.key(limit, write.held_at)) is not None
    ]


def _close(
    connection: Connection,
    writes: Sequence[HoldWrite],
    differences: Mapping[str, Mapping[str, Any]],
    limits: LimitSet,
) -> None:
    for action, after in _AFTER.items():
        if jobs := [write.job_id for write in writes if write.action == action]:
            values = {"jobs": jobs, "before": _BEFORE[action], "after": after}
            if connection.execute(_CLOSE, values).rowcount != len(jobs):
                raise HoldClosedError(action)
    if writes and limits.ever:
        _give_back(connection, {write.job_id: write for write in writes}, differences)


def _give_back(
    connection: Connection, writes: Mapping[str, HoldWrite], differences: Mapping[str, Mapping[str, Any]]
) -> None:
    moves: defaultdict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for line in connection.execute(_LINES, {"jobs": sorted(writes)}):
        write = writes[line.job_id]
        held, settled = moves[line.limit_id, line.window_start]
        moves[line.limit_id, line.window_start] = (
            held - (0 if write.action == "correct" else line.held),
            settled + _settled(line, write, differences),
        )
    balances.add(connection, moves)


def _settled(line: Row[Any], write: HoldWrite, differences: Mapping[str, Mapping[str, Any]]) -> int:
    if write.action == "release" or line.period == Period.OPEN:
        return 0
    amounts = differences.get(write.job_id) or _amounts(write.charge)
    foreign = line.unit == Unit.MONEY and line.currency != write.charge.currency
    return 0 if foreign else int(amounts[AMOUNTS[Unit(line.unit)]])


def _needed(limit: Limit, charge: Charge) -> int:
    if limit.unit is Unit.MONEY and charge.micros and charge.currency != limit.currency:
        raise BudgetCurrencyError(f"budget {limit.name!r}", kept=limit.currency, priced=charge.currency)
    return limit.amount_of(charge)


def _differences(connection: Connection, corrections: Iterable[HoldWrite]) -> dict[str, dict[str, Any]]:
    """Say by how much each correction changes what was settled before: the journal keeps the difference."""
    found = {}
    for write in corrections:
        story = connection.execute(_STORY, {"job": write.job_id}).all()
        before, after = _taken(story), _amounts(write.charge)
        if before["amount_micros"] and before["currency"] != write.charge.currency:
            raise BudgetCurrencyError("its settlement", kept=before["currency"], priced=write.charge.currency)
        found[write.job_id] = {name: after[name] - before[name] for name in AMOUNTS.values()}
        if write.native and (native := _native(story)) and native[1] == write.native[1]:
            found[write.job_id]["native_amount"] = write.native[0] - native[0]
    return found


def _taken(story: Sequence[Row[Any]]) -> dict[str, Any]:
    """Sum up what a job was settled for; a released one for nothing."""
    settling = [row for row in story if row.action in {"settle", "correct"}]
    sums: dict[str, Any] = {name: sum(int(getattr(row, name)) for row in settling) for name in AMOUNTS.values()}
    sums["currency"] = next((row.currency for row in reversed(story) if row.currency), "")
    return sums


def _native(story: Sequence[Row[Any]]) -> tuple[int, str] | None:
    settling = [row for row in story if row.action in {"settle", "correct"} and row.native_amount is not None]
    return (sum(int(row.native_amount) for row in settling), settling[-1].native_unit) if settling else None


def _charge(amounts: Mapping[str, Any]) -> Charge:
    return Charge(
        micros=amounts["amount_micros"],
        currency=amounts["currency"],
        jobs=amounts["jobs"],
        circuits=amounts["circuits"],
        shots=amounts["shots"],
        qpu_milliseconds=amounts["qpu_milliseconds"],
        session_seconds=amounts["session_seconds"],
    )


def _amounts(charge: Charge) -> dict[str, int]:
    return {
        "amount_micros": charge.micros,
        "jobs": charge.jobs,
        "circuits": charge.circuits,
        "shots": charge.shots,
        "qpu_milliseconds": charge.qpu_milliseconds,
        "session_seconds": charge.session_seconds,
    }


def _write(row: Row[Any]) -> HoldWrite:
    return HoldWrite(
        job_id=row.job_id,
        project_id=row.project_id,
        action=row.action,
        charge=_charge(row._asdict()),
        payer=Payer(
            team=row.team,
            project_id=row.project_id,
            principal_id=row.principal_id,
            key_id=row.key_id,
            upstream=row.upstream,
            backend=row.backend,
        ),
        estimate_micros=row.estimate_micros,
        price_revision=row.price_revision,
        at=parse_rfc3339(row.at),
        held_at=parse_rfc3339(row.held_at),
        native=None if row.native_amount is None else (row.native_amount, row.native_unit),
    )


def _columns(write: HoldWrite, seq: int) -> dict[str, Any]:
    amount, unit = write.native or (None, "")
    held_at = rfc3339(write.held_at)
    return {
        "job_id": write.job_id,
        "project_id": write.project_id,
        "action": write.action,
        **_amounts(write.charge),
        "currency": write.charge.currency,
        "estimate_micros": write.estimate_micros,
        "native_amount": amount,
        "native_unit": unit,
        "team": write.payer.team,
        "principal_id": write.payer.principal_id,
        "key_id": write.payer.key_id,
        "upstream": write.payer.upstream,
        "backend": write.payer.backend,
        "price_revision": write.price_revision,
        "seq": seq,
        "at": held_at if write.at is write.held_at else rfc3339(write.at),
        "held_at": held_at,
    }
