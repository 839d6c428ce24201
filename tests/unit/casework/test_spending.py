"""Who spent what: four figures that stay four, in any order that is asked for, and in FOCUS 1.2."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.casework import focus
from gateway.casework.projects import Terms
from gateway.casework.spending import SpendRefusedError, row_of
from gateway.domain.synthetic import PROJECT
from tests.unit.casework import ledgered
from tests.unit.casework.conftest import NOW

DAY = timedelta(days=1)
ALL = {"since": NOW - 30 * DAY, "until": NOW + DAY}
# FOCUS 1.2, feature level Mandatory.
MANDATORY = set(
    "BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart "  # noqa: SIM905  # as the specification lists them
    "ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost "
    "InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName PublisherName ServiceCategory "
    "ServiceName".split()
)


@pytest.fixture
def spending(office):
    return office.administration.spending


@pytest.fixture
async def alpha(office):
    return await office.administration.projects.create(name="alpha", terms=Terms(team="quantum"))


async def invoiced(office, name, amount):
    text = (
        "invoice,period_start,period_end,vendor_job_id,amount,currency,used_at\n"
        f"R-{name},2026-11-01,2026-12-01,{name},{amount},EUR,2026-11-20"
    )
    return await office.administration.invoices.reconcile(text.encode(), vendor="acme", correct=True)


async def test_estimated_held_reported_and_invoiced_stay_apart(office, spending, alpha):
    await ledgered.ran(
        office, at=NOW, micros=3_000_000, held=5_000_000, estimate=4_000_000, project_id=alpha.id, vendor_job_id="a"
    )
    await ledgered.hold(office, at=NOW, micros=2_000_000, estimate=1_500_000, project_id=alpha.id)
    await invoiced(office, "a", "3.5")

    (row,) = [row_of(each) for each in await spending.report(**ALL, by=("project", "vendor"))]

    assert (row["project"], row["vendor"], row["currency"]) == ("alpha", "acme", "EUR")
    assert (row["estimated"], row["held"], row["open"]) == ("5.50", "7.00", "2.00")
    assert (row["reported"], row["invoiced"], row["charged"]) == ("3.00", "3.50", "3.50")
    assert (row["jobs"], row["shots"], row["native"]) == (2, 2000, ["2000 shots"])


async def test_currencies_are_never_added_up(office, spending):
    await ledgered.ran(office, at=NOW, micros=1_000_000)
    await ledgered.ran(office, at=NOW, micros=2_000_000, currency="USD")

    rows = await spending.report(**ALL, by=())

    assert [(each.currency, each.charged) for each in rows] == [("EUR", 1_000_000), ("USD", 2_000_000)]


async def test_it_is_told_apart_by_what_was_asked(office, spending, alpha):
    for days, backend, team in ((0, "one", "quantum"), (0, "two", "quantum"), (3, "one", "classic")):
        await ledgered.ran(office, at=NOW - days * DAY, micros=1_000_000, backend=backend, team=team)

    by_backend = await spending.report(**ALL, by=("backend",))
    by_day = await spending.report(**ALL, by=("day", "team"))

    assert {each.group["backend"]: each.charged for each in by_backend} == {"one": 2_000_000, "two": 1_000_000}
    assert [(each.group, each.jobs) for each in by_day] == [
        ({"day": "2026-11-19", "team": "classic"}, 1),
        ({"day": "2026-11-22", "team": "quantum"}, 2),
    ]


async def test_a_job_counts_for_the_day_it_was_held_and_the_end_is_exclusive(office, spending):
    await ledgered.ran(office, at=NOW, micros=1_000_000)

    assert await spending.report(since=NOW - DAY, until=NOW, by=()) == []
    assert len(await spending.report(since=NOW, until=NOW + DAY, by=())) == 1


async def test_one_project_sees_nothing_of_another(office, spending, alpha):
    await ledgered.ran(office, at=NOW, micros=1_000_000, project_id=alpha.id, vendor_job_id="a")
    await ledgered.ran(office, at=NOW, micros=2_000_000, project_id="other", vendor_job_id="b")
    await invoiced(office, "b", "2")

    (row,) = await spending.report(**ALL, by=("vendor",), project_id=alpha.id)

    assert (row.charged, row.invoiced, row.jobs) == (1_000_000, 0, 1)


async def test_a_project_that_is_gone_is_told_by_its_id(office, spending):
    await ledgered.ran(office, at=NOW, micros=1, project_id="gone")

    assert [each.group for each in await spending.report(**ALL, by=("project",))] == [{"project": "gone"}]


async def test_without_words_it_is_the_month_so_far(spending):
    assert spending.span(None, None)[0] == datetime(2026, 11, 1, tzinfo=UTC)
    assert spending.span("2026-10-01", "2026-10-02T12:00:00+02:00") == (
        datetime(2026, 10, 1, tzinfo=UTC),
        datetime(2026, 10, 2, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize("span", [("2026-10-02", "2026-10-02"), ("then", None), (None, "2020-01-01")])
async def test_a_span_that_is_none_is_refused(spending, span):
    with pytest.raises(SpendRefusedError):
        spending.span(*span)


async def test_what_it_is_not_told_apart_by_is_refused_with_what_it_is(spending):
    with pytest.raises(SpendRefusedError, match="only by team, project"):
        await spending.report(**ALL, by=("colour",))


# ── FOCUS 1.2 ────────────────────────────────────────────────────────────────────────────────────
async def test_every_mandatory_column_is_there_and_ours_come_last():
    standard = [name for name in focus.COLUMNS if not name.startswith("x_")]

    assert set(standard) >= MANDATORY
    assert standard == sorted(standard)
    assert list(focus.COLUMNS) == standard + sorted(set(focus.COLUMNS) - set(standard))


async def test_a_row_says_what_a_day_cost(office, spending, alpha):
    at = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    office.clock.moment = at
    await ledgered.ran(office, at=at, micros=3_000_000, held=5_000_000, project_id=alpha.id, vendor_job_id="a")
    (spent,) = await spending.report(since=at, until=at + DAY, by=focus.BY)

    row = focus.row(spent, deployment="gw.example.org")

    assert row["BilledCost"] == row["EffectiveCost"] == row["x_ReportedCost"] == "3.00"
    assert (row["x_HeldCost"], row["x_InvoicedCost"], row["BillingCurrency"]) == ("5.00", "0.00", "EUR")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert (row["PricingQuantity"], row["PricingUnit"], row["ChargeClass"]) == ("1000", "Shots", "")
    assert (row["ServiceCategory"], row["SubAccountName"], row["ProviderName"]) == ("Compute", "alpha", "acme")
    assert row["Tags"] == '{"principal":"principal-1","team":"quantum"}'


async def test_billed_is_the_invoices_word_once_there_is_one(office, spending):
    await ledgered.ran(office, at=NOW, micros=3_000_000, vendor_job_id="a")
    await invoiced(office, "a", "3.25")
    (spent,) = await spending.report(**ALL, by=focus.BY)

    row = focus.row(spent, deployment="gw")

    assert (row["BilledCost"], row["x_InvoicedCost"], row["x_ReportedCost"]) == ("3.25", "3.25", "3.00")


async def test_the_self_test_spends_in_nobodys_report(office, spending):
    """Its work is free, and its row would be the longest of all; who asks for it sees it."""
    await ledgered.ran(office, at=NOW, micros=0, project_id=PROJECT)

    assert await spending.report(**ALL, by=("project",)) == []
    assert len(await spending.report(**ALL, by=("project",), synthetic=True)) == 1
    assert len(await spending.report(**ALL, by=("vendor",), project_id=PROJECT)) == 1
