"""Searches share a look at the vendor, and never one that began before they asked."""

import asyncio
import contextlib

import pytest

from gateway.domain.marks import mark
from gateway.ports.vendor import AnswerLostError, VendorJob
from gateway.vendors.errors import VendorAccountError
from tests.unit.vendors.acme import missing


class Lists:
    """Acme's job list, which can be held back; counts how often it was asked for, and for whom."""

    def __init__(self, house, *, taken=()):
        self.asked, self.gate = [], asyncio.Event()
        self.taken, self.error = set(taken), None
        house.acme.find = self._find

    async def _find(self, _call, dispatches, *, since):  # noqa: ARG002  # a vendor has it
        self.asked.append([each.job_id for each in dispatches])
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return {each.mark: job(each.job_id) for each in dispatches if each.job_id in self.taken}


def job(job_id):
    return VendorJob(id=f"v-{job_id}", status="queued", mark=mark(job_id, 1), envelope=b"{}")


def finding(house, *job_ids):
    return [asyncio.create_task(house.upstream.find(house.attempt(job_id=each))) for each in job_ids]


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_whoever_asks_meanwhile_shares_the_next_look_and_not_this_one(house):
    lists = Lists(house, taken={"a", "c"})
    first = finding(house, "a")
    await settle()
    others = finding(house, "b", "c", "d")
    await settle()
    assert lists.asked == [["a"]]

    lists.gate.set()

    assert await asyncio.gather(*first, *others) == ["v-a", None, "v-c", None]
    assert lists.asked == [["a"], ["b", "c", "d"]]


@pytest.mark.parametrize(
    ("error", "raised"), [(AnswerLostError("lost"), AnswerLostError), (missing(), VendorAccountError)]
)
async def test_a_look_that_fails_is_no_empty_search_for_any_of_them(house, error, raised):
    lists = Lists(house)
    lists.gate.set()
    lists.error = error

    outcomes = await asyncio.gather(*finding(house, "a", "b", "c"), return_exceptions=True)

    assert {type(each) for each in outcomes} == {raised}
    lists.error, lists.taken = None, {"b"}
    assert await asyncio.gather(*finding(house, "a", "b")) == [None, "v-b"]


async def test_if_the_one_who_looks_is_cancelled_another_looks(house):
    lists = Lists(house, taken={"b"})
    looking, waiting = finding(house, "a", "b")
    await settle()

    looking.cancel()
    await settle()
    lists.gate.set()

    with contextlib.suppress(asyncio.CancelledError):
        await looking
    assert looking.cancelled()
    assert await waiting == "v-b"
    assert lists.asked[-1] == ["b"]
