"""Invoices, spending and warnings as rows, on both databases: the same questions get the same answers."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from gateway.domain.invoice import BillLine, StoredBill
from gateway.domain.job import JobStatus
from gateway.domain.writes import Unit
from gateway.store import billing, books, invoices, warnings
from gateway.store.commit import WriteRefusedError
from gateway.store.warnings import Letter, Warned
from tests.records import NOW, StillClock, leaf
from tests.unit.casework import ledgered

DAY = timedelta(days=1)
SPAN = {"since": NOW - DAY, "until": NOW + DAY}


@pytest.fixture
def office(writer):
    """What jobs are put into the books with."""
    return SimpleNamespace(writer=writer, clock=StillClock())


async def put(writer, number, *lines, vendor="acme"):
    bill = StoredBill(
        id=f"invoice-{number}",
        vendor=vendor,
        number=number,
        digest=number * 8,
        begins_at=NOW - DAY,
        ends_at=NOW + DAY,
        imported_at=NOW,
        lines=len(lines),
    )
    made = [
        BillLine(number=at, vendor_job_id=job, item="task", amount_micros=micros, currency="EUR", used_at=NOW)
        for at, (job, micros) in enumerate(lines, 2)
    ]
    await writer.commit(Unit(rows=tuple(invoices.write_lines(bill.id, made))))
    await writer.commit(Unit(rows=(invoices.write(bill),)))
    return bill


async def test_an_invoice_is_read_back_as_it_was_written(writer, database):
    bill = await put(writer, "R-1", ("a", 2**52), ("", -5))

    async with database.reading() as connection:
        assert await invoices.every(connection) == [bill]
        lines = await invoices.lines(connection, bill.id)
    assert [(line.number, line.vendor_job_id, line.amount_micros) for line in lines] == [(2, "a", 2**52), (3, "", -5)]


async def test_a_number_of_a_vendor_is_used_once(writer):
    await put(writer, "R-1", ("a", 1))
    await put(writer, "R-2", ("a", 1))

    with pytest.raises(WriteRefusedError):
        await writer.commit(
            Unit(
                rows=(
                    invoices.write(
                        StoredBill(
                            id="another",
                            vendor="acme",
                            number="R-1",
                            digest="other",
                            begins_at=NOW,
                            ends_at=NOW + DAY,
                            imported_at=NOW,
                            lines=0,
                        )
                    ),
                )
            )
        )


async def test_jobs_are_known_by_what_the_books_count_for_them_now(office, writer, database):
    done = await ledgered.ran(office, at=NOW, micros=3_000_000, held=9_000_000, vendor_job_id="done")
    await ledgered.ran(office, at=NOW, micros=None, vendor_job_id="failed", status=JobStatus.FAILED)
    await ledgered.hold(office, at=NOW, vendor_job_id="open")
    await ledgered.ran(office, at=NOW, micros=1, vendor="sim", vendor_job_id="done elsewhere")
    await ledgered.ran(office, at=NOW - 9 * DAY, micros=1, vendor_job_id="of another month")
    bill = await put(writer, "R-1", ("open", 5))

    async with database.reading() as connection:
        known = {each.vendor_job_id: each for each in await invoices.known(connection, bill)}

    assert set(known) == {"done", "failed", "open"}
    assert (known["done"].job_id, known["done"].charged_micros, known["done"].completed) == (done.id, 3_000_000, True)
    assert (known["failed"].charged_micros, known["failed"].completed) == (0, False)
    assert (known["open"].charged_micros, known["open"].ended_at) == (0, None)


async def test_lines_elsewhere_are_those_of_the_same_vendor_and_the_same_jobs(writer, database):
    bill = await put(writer, "R-2", ("a", 1), ("", 2))
    await put(writer, "R-1", ("a", 3), ("b", 4), ("", 5))
    await put(writer, "R-9", ("a", 6), vendor="other")

    async with database.reading() as connection:
        found = await invoices.elsewhere(connection, bill)
    assert [line.amount_micros for line in found] == [3]


async def test_what_is_invoiced_and_corrected_is_summed_up_like_spending(office, writer, database):
    by = ("project", "day", "upstream")
    await ledgered.ran(office, at=NOW, micros=3_000_000, vendor_job_id="a")
    await ledgered.ran(office, at=NOW - 5 * DAY, micros=1, vendor_job_id="too old")
    await put(writer, "R-1", ("a", 3_500_000), ("a", 250_000), ("stranger", 9), ("too old", 9))

    async with database.reading() as connection:
        invoiced = await billing.invoiced(connection, **SPAN, by=by)
        corrected = await billing.corrected(connection, **SPAN, by=by)
        (spent,) = await books.spend(connection, **SPAN, by=by)
    assert invoiced == {(tuple(spent.group.values()), "EUR"): 3_750_000}
    assert corrected == {}
    assert await _in_all(database) == {((), "EUR"): 3_750_000}


async def _in_all(database):
    async with database.reading() as connection:
        return await billing.invoiced(connection, **SPAN, by=())


async def test_a_warning_is_written_once_with_its_entry(writer, database):
    warned = Warned(limit_id="limit-1", window_start="2026-03-01", allowed=100, threshold="50")
    row = warnings.write(warned, event_id="event-1", at=NOW)
    await writer.commit(Unit(leaf=leaf(), rows=(row,)))

    with pytest.raises(WriteRefusedError):
        await writer.commit(Unit(leaf=leaf(), rows=(row,)))
    async with database.reading() as connection:
        assert await warnings.told(connection, ["limit-1", "limit-2"]) == {warned}
        assert await warnings.told(connection, []) == set()


async def test_a_letter_is_due_taken_by_one_and_settled(writer, database):
    letter = Letter(event_id="event-1", webhook="pager", body="{}")
    await writer.commit(Unit(rows=(warnings.write_letter(letter, at=NOW),)))

    async with database.reading() as connection:
        assert await warnings.due(connection, NOW - DAY, most=9) == []
        assert await warnings.due(connection, NOW, most=9) == [letter]
    async with database.writing() as connection:
        assert await warnings.take(connection, letter, until=NOW + DAY)
        assert not await warnings.take(connection, letter, until=NOW + DAY)
    async with database.writing() as connection:
        await warnings.settle(connection, letter, "delivered")
    async with database.reading() as connection:
        assert await warnings.due(connection, NOW + 9 * DAY, most=9) == []
