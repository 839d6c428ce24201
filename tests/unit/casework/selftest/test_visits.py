"""Synthetic visits: a door that lets the wrong ones in, or the right one not, is found, each under its name."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from gateway.casework.selftest.actors import Cast
from gateway.casework.selftest.visits import Visits
from gateway.domain.secret import Secret
from gateway.ports.dialect import SigningPair, WireAnswer
from gateway.ports.trial import FAR, Holder, Trial, shown
from tests.records import StillClock

TRIAL = Trial(
    jobs="/jobs",
    proof=shown("apikey"),
    body=lambda backend, shots: json.dumps([backend, shots]).encode(),
    unreadable=lambda backend: json.dumps([backend, None]).encode(),
    results=lambda job, _: f"{job}/results",
    completed="completed",
    ended=frozenset({"completed", "failed"}),
)


def holder(key):
    return Holder(key=Secret.of(key), pair=SigningPair(access_key_id=f"id-of-{key}", secret=Secret.of("secret")))


CAST = Cast(backend="sim", allowed=holder("may"), denied=holder("may-not"), until=datetime(2026, 12, 1, tzinfo=UTC))


class House:
    """A front door that does as it should, but for what a test changes."""

    host = "gateway.example.org"

    def __init__(self):
        self.asked, self.status, self.answers, self.waiting = [], "completed", {}, []

    async def withdrawn(self, name):
        return name in self.waiting

    async def __call__(self, method, path, headers, body=b""):
        self.asked.append((method, path))
        key = headers.get("authorization", "").removeprefix("apikey ")
        if method == "POST":
            return self.answers.get(self.who(key, json.loads(body)), self.judged(key, json.loads(body)))
        if path.endswith("/results"):
            return self.answers.get("results", answer(200, "{}"))
        return answer(200, json.dumps({"id": "j1", "status": self.status}))

    def who(self, key, asked):
        odd = {("may", FAR): "greedy", ("may", None): "unreadable", ("may-not", 10): "reader", ("", 10): "nobody"}
        return "elsewhere" if asked[0] != "sim" else odd.get((key, asked[1]), "allowed")

    def judged(self, key, asked):
        rules = {
            "greedy": "circuits/shots",
            "unreadable": "wire/readable",
            "reader": "access/role-may-submit",
            "elsewhere": "access/backend-allow-list",
        }
        who = self.who(key, asked)
        if who == "nobody":
            return answer(401, "credential-missing")
        return answer(403, f"policy-denied: {rules[who]}") if who in rules else answer(200, '{"id": "j1"}')


def answer(status, body):
    return WireAnswer(status=status, body=body.encode())


async def no_pause(_):
    return


@pytest.fixture
def house():
    return House()


@pytest.fixture
def visits(house):
    return Visits(
        door=house,
        trial=TRIAL,
        cast=CAST,
        elsewhere="other",
        clock=StillClock(),
        lowered=lambda _: False,
        withdrawn=house.withdrawn,
        pause=no_pause,
    )


async def test_a_sound_house_has_no_findings_and_keeps_nothing(visits, house):
    assert await visits.examine() == ()
    assert ("DELETE", "/jobs/j1") in house.asked


async def test_what_a_dialect_cannot_delete_is_left(visits, house):
    assert await replace(visits, trial=replace(TRIAL, deletes=False)).examine() == ()
    assert "DELETE" not in {method for method, _ in house.asked}


async def test_a_job_may_have_another_name_which_is_encoded_in_its_path(visits, house):
    house.answers["allowed"] = answer(200, '{"arn": "a:b/c"}')

    assert await replace(visits, trial=replace(TRIAL, member="arn")).examine() == ()
    assert ("GET", "/jobs/a%3Ab%2Fc") in house.asked


async def test_a_job_that_waits_for_a_second_person_was_let_go_and_is_taken_back(visits, house):
    house.waiting, house.status = ["j1"], "queued"

    assert await visits.examine() == ()
    assert ("DELETE", "/jobs/j1") in house.asked
    assert ("GET", "/jobs/j1") not in house.asked


@pytest.mark.parametrize("who", ["greedy", "unreadable", "reader", "nobody", "elsewhere"])
async def test_whoever_is_let_in_and_should_not_be_is_found(visits, house, who):
    house.answers[who] = answer(200, '{"id": "j2"}')

    (found,) = await visits.examine()

    assert (found.name, found.sure, found.by_policy) == (f"path/{who}", True, False)


async def test_what_no_rule_is_sure_to_deny_is_not_sent(visits, house):
    """A rule that is lowered may deny for nobody; those that never are must deny all the same."""
    sent = []
    lenient = replace(visits, lowered=lambda rule: sent.append(rule) is None)
    house.answers["greedy"] = house.answers["elsewhere"] = answer(200, '{"id": "j2"}')

    assert await lenient.examine() == ()
    assert sent == ["circuits/shots", "access/backend-allow-list"]
    assert len([each for each in house.asked if each[0] == "POST"]) == 4

    house.answers["reader"] = house.answers["unreadable"] = answer(200, '{"id": "j2"}')
    assert [each.what for each in await lenient.examine()] == ["unreadable", "reader"]


async def test_a_rule_that_is_lowered_between_question_and_answer_is_not_held_against_anybody(visits, house):
    known = iter([False, True, False, True])
    house.answers["greedy"] = house.answers["elsewhere"] = answer(200, '{"id": "j2"}')

    assert await replace(visits, lowered=lambda _: next(known)).examine() == ()


async def test_a_refusal_by_another_rule_is_found(visits, house):
    house.answers["greedy"] = answer(403, "policy-denied: circuits/depth")

    (found,) = await visits.examine()

    assert found.by_policy
    assert "by circuits/shots, was 403" in found.problem


async def test_a_job_that_is_not_taken_is_found(visits, house):
    house.answers["allowed"] = answer(403, "policy-denied: own/rule")

    (found,) = await visits.examine()

    assert (found.name, found.by_policy) == ("path/allowed", True)


@pytest.mark.parametrize("status", ["failed", "running"])
async def test_a_job_that_does_not_complete_must_do_so_twice(visits, house, status):
    house.status = status

    (found,) = await visits.examine()

    assert (found.name, found.sure) == ("path/allowed", False)


async def test_results_that_are_not_to_be_had_are_found(visits, house):
    house.answers["results"] = answer(404, "nothing")

    assert [each.name for each in await visits.examine()] == ["path/results"]


async def test_what_is_unavailable_must_be_so_twice(visits, house):
    house.answers["allowed"] = answer(HTTPStatus.SERVICE_UNAVAILABLE, "ledger-unavailable")

    (found,) = await visits.examine()

    assert not found.sure


async def test_who_stopped_all_work_meant_it(visits, house):
    house.answers["allowed"] = answer(403, '{"code": "halted"}')

    assert await visits.examine() == ()


async def test_without_a_role_that_may_not_submit_nobody_is_sent_as_a_reader(visits, house):
    alone = replace(visits, cast=replace(CAST, denied=None), elsewhere=None)

    assert await alone.examine() == ()
    assert len([each for each in house.asked if each[0] == "POST"]) == 4
