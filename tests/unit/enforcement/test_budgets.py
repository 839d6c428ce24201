"""Budgets and quotas, as a submission meets them: told to policy, refused by the books, on the record either way."""

import asyncio
import json
from dataclasses import replace

import pytest

from gateway.domain.budget import Level, Period, Unit, Window
from gateway.domain.decision import Decision, Finding
from gateway.domain.errors import UnavailableError
from gateway.domain.exceeded import BudgetCurrencyError, BudgetExceededError, QuotaExceededError
from gateway.enforcement.errors import DeniedError, OverBudgetError, refusal
from gateway.http.problems import status_of
from gateway.store import books, limits
from tests import records
from tests.drill.deployment import priced
from tests.fakes.scripted_vendor import ScriptedVendor
from tests.fault.small_house import ToyPolicy, ToyUpstream
from tests.unit.enforcement.vendor_house import Deployment, deploy, quietly

PRICE = 300_000 + 8 * 350
"""Of the toy job, eight shots, by the drill's prices."""
DECISION = Decision(
    id="d",
    allow=True,
    deny=(),
    warn=(),
    placement=None,
    obligations=(),
    engine="toy",
    policy_revision="ab" * 32,
    data_revision="cd" * 32,
    facts_digest="ef" * 32,
    facts=b"{}",
    milliseconds=0.1,
)


def budget(small, **changes):
    """One limit of the caller's project."""
    made = records.limit(
        level=Level.PROJECT,
        target=small.caller.project.id,
        unit=Unit.MONEY,
        currency="USD",
        amount=PRICE,
        name="alpha-month",
        window=Window(period=Period.TOTAL),
        created_at=small.house.clock.now(),
    )
    return replace(made, **changes)


async def limited(small, **changes):
    """Set a limit, as another process does: this one's memory hears of it when it looks."""
    made = budget(small, **changes)
    await small.house.ledger.keep(limits.write(made))
    return made


async def standing(small, limit):
    async with small.house.database.reading() as connection:
        return (await books.standings(connection, [limit], small.house.clock.now()))[0]


@pytest.fixture
def hardware():
    return ScriptedVendor()


class Listening(ToyPolicy):
    """Allows everything, and keeps the facts."""

    def __init__(self):
        self.heard = []

    async def decide(self, facts, *, decision_id):
        self.heard.append(json.loads(facts))
        return await super().decide(facts, decision_id=decision_id)


def listen(small):
    """Put a policy in place that keeps what it is told."""
    heard = Listening()
    submitter = small.house.serving.gate.submitter
    object.__setattr__(submitter.judge.chooser, "decision_point", heard)
    return heard.heard


# ── the books say no ─────────────────────────────────────────────────────────────────────────────
async def test_what_the_books_refuse_is_recorded_and_goes_nowhere(deployment, hardware):
    """Policy allowed it: between its answer and the permit somebody else took what was left."""
    async with deployment.process(hardware) as process:
        limit = await limited(process.small)
        first = await process.submit()

        with pytest.raises(BudgetExceededError, match=r"has 0 USD left of its total budget 'alpha-month'") as refused:
            await process.submit()

        assert status_of(refused.value) == 403
        assert len(hardware.asked) == 1
        assert await process.entries() == ["job.permitted", "job.forwarded"]
        (entry,) = await process.bodies("reservation.refused")
        assert entry["limit"] == {
            "id": limit.id,
            "unit": "money",
            "allowed": PRICE,
            "held": PRICE,
            "settled": 0,
            "needed": PRICE,
        }
        assert (entry["code"], entry["quote"]["held_micros"]) == ("budget-exceeded", PRICE)
        facts = await process.small.house.vault.open(object_id=entry["decision"]["id"], kind="facts")
        assert json.loads(facts)["backend"]["name"] == first.backend
        assert (await standing(process.small, limit)).held == PRICE


async def test_a_refusal_that_cannot_be_recorded_is_an_outage_and_not_a_silent_no(small_deployment, hardware):
    async with small_deployment.process(hardware) as process:
        await limited(process.small, amount=0)
        mend = process.breaks_at("record")

        assert isinstance(await quietly(process.submit()), UnavailableError)
        mend()
        assert isinstance(await quietly(process.submit()), BudgetExceededError)
        assert hardware.asked == []


async def test_a_token_that_was_refused_stands_for_nothing(small_deployment, hardware):
    """Asked again under the same token once there is money, it is new work."""
    async with small_deployment.process(hardware) as process:
        limit = await limited(process.small, amount=0)
        token = {"idempotency-key": "mine"}
        assert isinstance(await quietly(process.small.submit(**token)), BudgetExceededError)

        await process.small.house.ledger.keep(limits.write(replace(limit, amount=PRICE)))

        job = await process.small.submit(**token)
        assert (await process.small.submit(**token)).id == job.id
        assert len(hardware.asked) == 1


async def test_of_many_at_once_as_many_go_as_there_is_money_for(deployment, hardware):
    async with deployment.process(hardware) as process:
        limit = await limited(process.small, amount=3 * PRICE + 1)

        outcomes = await asyncio.gather(*(quietly(process.submit()) for _ in range(8)))

        refused = [each for each in outcomes if isinstance(each, BudgetExceededError)]
        assert (len(refused), len(hardware.asked)) == (5, 3)
        assert (await standing(process.small, limit)).held == 3 * PRICE
        assert len(await process.bodies("reservation.refused")) == 5


async def test_two_limits_at_odds_both_hold(small_deployment, hardware):
    """The generous one takes nothing for a job that the strict one refuses."""
    async with small_deployment.process(hardware) as process:
        generous = await limited(process.small, amount=10**9, name="everybody", level=Level.ORGANISATION, target="")
        strict = await limited(process.small, amount=8, unit=Unit.SHOTS, currency="", name="shots")
        await process.submit()

        with pytest.raises(QuotaExceededError, match="'shots'"):
            await process.submit()

        assert (await standing(process.small, generous)).held == PRICE
        assert (await standing(process.small, strict)).held == 8


async def test_open_jobs_are_counted_until_they_end(small_deployment):
    simulator = ToyUpstream()
    async with small_deployment.process(simulator) as process:
        await limited(
            process.small, amount=1, unit=Unit.JOBS, currency="", name="at-once", window=Window(period=Period.OPEN)
        )
        job = await process.submit()
        with pytest.raises(QuotaExceededError, match=r"1 job under way of its quota 'at-once' \(1 job at once\)"):
            await process.submit()

        await process.small.completed(job.id)

        assert (await process.submit()).id != job.id


async def test_a_price_in_another_currency_is_said_to_be_one(small_deployment, hardware):
    async with small_deployment.process(hardware) as process:
        await limited(process.small, currency="EUR", amount=10**12)

        with pytest.raises(BudgetCurrencyError, match=r"kept in EUR, and this job is priced in USD"):
            await process.submit()

        (entry,) = await process.bodies("reservation.refused")
        assert (entry["code"], entry["limit"]) == ("budget-currency", None)


# ── policy is told ───────────────────────────────────────────────────────────────────────────────
async def test_policy_is_told_of_every_limit_that_counts_the_job_and_of_no_other(small_deployment, hardware):
    async with small_deployment.process(hardware) as process:
        small = process.small
        await limited(small, name="b", amount=10 * PRICE)
        await limited(small, name="a", level=Level.KEY, target=small.caller.key.id, unit=Unit.SHOTS, currency="")
        await limited(small, name="c", upstream="ibm", unit=Unit.JOBS, currency="")
        await limited(small, name="elsewhere", upstream="ionq")
        await limited(small, name="nobody", target="another-project")
        await process.submit()
        await process.serving.limits.refresh()
        heard = listen(small)

        await process.submit()

        told = {each["name"]: (each["held"], each["needed"], each["upstream"]) for each in heard[0]["budget"]["limits"]}
        assert told == {"a": (8, 8, ""), "b": (PRICE, PRICE, ""), "c": (1, 1, "ibm")}
        assert heard[0]["quote"]["amount_micros"] == PRICE
        assert heard[0]["budget"]["limit_micros"] == 10 * PRICE


async def test_nothing_is_read_while_nothing_is_limited(small_deployment):
    async with small_deployment.process(ToyUpstream()) as process:
        await limited(process.small, target="another-project")
        await process.serving.limits.refresh()
        shut = replace(process.serving.gate.submitter.judge.surveyor.books, database=None)

        assert await shut.known(process.small.caller) == ()


async def test_books_that_cannot_be_read_are_an_unknown_fact(small_deployment):
    """Policy denies on that; nothing goes because somebody could not find out what is left."""
    async with small_deployment.process(ToyUpstream()) as process:
        await limited(process.small)
        await process.serving.limits.refresh()
        surveyor = process.serving.gate.submitter.judge.surveyor
        object.__setattr__(surveyor, "books", replace(surveyor.books, database=None))
        heard = listen(process.small)

        await process.submit()

        assert heard[0]["budget"]["limits"] is None


@pytest.mark.parametrize(
    ("rules", "kind"),
    [
        pytest.param(("budget/money",), OverBudgetError, id="money alone"),
        pytest.param(("budget/money", "budget/quota"), OverBudgetError, id="money and a quota"),
        pytest.param(("budget/known",), DeniedError, id="nobody knows what is left"),
        pytest.param(("budget/money", "data/residency"), DeniedError, id="something else, too"),
    ],
)
def test_what_only_a_budget_denies_is_told_apart_from_what_never_goes(rules, kind):
    """Dialects have words of their own for whoever has used up what is theirs."""
    found = tuple(Finding(rule=rule, message="no", remedy="") for rule in rules)
    error = refusal(replace(DECISION, allow=False, deny=found))

    assert type(error) is kind
    assert status_of(error) == 403


# ── time that is paid by the second ──────────────────────────────────────────────────────────────
async def test_a_job_that_is_paid_by_the_second_runs_no_longer_than_it_is_held_for(tmp_path, clock, hardware):
    paid = await by_the_second(tmp_path, clock)
    async with paid.process(hardware) as process:
        job = await process.submit()

        ((_, order),) = hardware.asked
        assert (job.max_execution_seconds, order.max_seconds) == (120, 120)
        assert await process.held(job) == 120 * 1_600_000
        (entry,) = await process.bodies("job.permitted")
        assert entry["quote"]["bound_seconds"] == 120
        assert entry["quote"]["estimate_micros"] == 160_000


async def test_what_became_of_the_money_stands_in_the_outcome(tmp_path, clock):
    paid = await by_the_second(tmp_path, clock, kind="simulator", upstream="aer")
    async with paid.process(ToyUpstream()) as process:
        job = await process.submit()
        await process.small.completed(job.id)

        (entry,) = await process.bodies("job.completed")
        assert entry["cost"]["action"] == "settle"
        assert (entry["cost"]["currency"], entry["cost"]["jobs"], entry["cost"]["shots"]) == ("USD", 1, 8)
        assert entry["cost"]["settled_micros"] <= 120 * 1_600_000


async def by_the_second(folder, clock, *, upstream="ibm", kind="hardware") -> Deployment:
    """Make a deployment whose only price is by the second, and whose jobs run two minutes at most."""
    path = priced(folder, [])
    prices = json.loads(path.read_text())
    rate = {"per_job_micros": 0, "per_shot_micros": 0, "per_second_micros": 1_600_000}
    prices["prices"] = [{"upstream": upstream, "backend": "*", "kind": kind, "source": "drill", **rate}]
    path.write_text(json.dumps(prices))
    made = await deploy(folder, clock, GATEWAY_BUDGETS__EXECUTION_CAP_SECONDS="120")
    path.write_text(json.dumps(prices))
    return made
