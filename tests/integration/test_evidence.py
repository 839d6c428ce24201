"""What an auditor can do with a job: read its entries in order, and make its decision again."""

import hashlib
import json

import pytest

from gateway.wiring import House
from tests.integration import bodies
from tests.integration.people import entries, entry_of, report, within
from tests.running import API


@pytest.mark.parametrize("outcome", ["allowed", "denied"])
def test_a_decision_can_be_made_again_from_its_sealed_facts(gateway, keys, tmp_path, outcome):
    """Facts, policy and data are named by digest in the entry; the same facts give the same decision."""
    body = bodies.golden() if outcome == "allowed" else bodies.golden(backend="ibm_fez")
    decision = gateway.request("POST", f"{API}/jobs", key=keys["alice"], body=body).headers["qgw-decision-id"]
    type_ = "job.permitted" if outcome == "allowed" else "job.denied"
    entry = next(each.body for each in entries(gateway, type_) if each.body["decision"]["id"] == decision)

    async def unseal(house: House) -> bytes:
        return await house.vault.open(object_id=decision, kind="facts")

    facts = within(gateway, unseal)
    (tmp_path / "facts.json").write_bytes(facts)
    again = gateway.run("policy", "eval", str(tmp_path / "facts.json"), "--json")
    decided = json.loads(again.stdout)

    assert hashlib.sha256(facts).hexdigest() == entry["decision"]["facts_digest"] == decided["facts_digest"]
    assert decided["policy_revision"] == entry["decision"]["policy_revision"]
    assert decided["data_revision"] == entry["decision"]["data_revision"]
    assert (decided["allow"], again.returncode) == ((True, 0) if outcome == "allowed" else (False, 1))
    assert [finding["rule"] for finding in decided["deny"]] == entry.get("deny", [])


def test_the_entries_of_a_job_come_in_the_order_of_the_law(gateway, keys):
    """Permitted before forwarded, forwarded before the outcome, and the payload's digest is what was sent."""
    body = bodies.text(bodies.golden())
    job = gateway.submit(keys["alice"], body)
    gateway.ended(keys["alice"], job)
    gateway.request("GET", f"{API}/jobs/{job}/results", key=keys["alice"])

    found = report(gateway, job).entries

    assert [entry.type for entry in found] == ["job.permitted", "job.forwarded", "job.completed", "results.read"]
    permitted, completed = found[0].body, found[2].body
    assert permitted["payload"] == {"digest": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
    assert permitted["quote"]["amount_micros"] == 0
    assert completed["summaries"][0]["shots"] == 1000
    times = [completed["stages"][stage] for stage in ("received", "measured", "decided", "permitted", "forwarded")]
    assert times == sorted(times)


def test_the_same_submission_again_is_another_job(gateway, keys):
    """Whoever has received the answer means it when the same body comes again."""
    body = bodies.text(bodies.golden(tags=["repeated"]))

    first, second = (gateway.submit(keys["alice"], body) for _ in range(2))
    gateway.ended(keys["alice"], second)

    assert first != second
    assert entry_of(gateway, "job.completed", second)["repeats"] == 0
