"""The fake IBM Quantum: who is let in, which backends there are, and when they were calibrated."""

import asyncio
import base64
import json
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import trustme

from tests.fakes.vendors.ibm import FakeIbm
from tests.fakes.vendors.ibm.vendor import API_KEY, CRN
from tests.fakes.vendors.serving import running
from tests.unit.fakes.ibm_client import OTHER_CRN, Client, opened

ROOT = Path(__file__).parents[3]


async def test_a_known_key_becomes_a_token_that_is_let_in(ibm):
    status, answer = await ibm.grant()

    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3600)
    claims = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 3600
    assert (await ibm.ask("GET", "/backends"))[0] == 200


async def test_an_unknown_key_is_refused_as_iam_does(ibm):
    status, answer = await ibm.grant("somebody-else")

    assert (status, answer["errorCode"]) == (400, "BXNIM0415E")


@pytest.mark.parametrize(
    ("key", "form", "code"),
    [
        pytest.param(API_KEY, {"grant_type": "password"}, "BXNIM0106E", id="another grant"),
        pytest.param("", {}, "BXNIM0109E", id="no key"),
    ],
)
async def test_a_wrong_grant_is_refused(ibm, key, form, code):
    assert (await ibm.grant(key, **form))[1]["errorCode"] == code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Authorization": None}, 401, id="no token"),
        pytest.param({"Authorization": f"apikey {API_KEY}"}, 401, id="a key instead of a token"),
        pytest.param({"Authorization": "Bearer a.b.c"}, 401, id="an invented token"),
        pytest.param({"Service-CRN": None}, 400, id="no instance"),
        pytest.param({"Service-CRN": CRN.replace("2222", "0000")}, 403, id="somebody else's instance"),
        pytest.param({"IBM-API-Version": None}, 400, id="no version"),
        pytest.param({"IBM-API-Version": "latest"}, 400, id="a version that is no date"),
        pytest.param({"IBM-API-Version": "2023-01-01"}, 400, id="a version before the first"),
    ],
)
async def test_nobody_gets_in_without_all_three(ibm, headers, status):
    answered, answer = await ibm.ask("GET", "/backends", headers=headers)

    assert answered == status
    assert {"code", "message", "solution", "more_info"} == set(answer["errors"][0])


async def test_an_altered_token_is_found_out(ibm):
    head, claims, signature = ibm.token.split(".")
    forged = json.loads(base64.urlsafe_b64decode(claims + "=="))
    forged["exp"] += 10**6
    altered = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()

    ibm.token = f"{head}.{altered}.{signature}"
    assert (await ibm.ask("GET", "/backends"))[0] == 401


async def test_a_token_expires():
    vendor = FakeIbm(token_seconds=0)
    async with running(vendor) as url:
        client = await opened(url)
        assert (await client.ask("GET", "/backends"))[0] == 401
        await client.session.close()


async def test_search_and_catalog_name_the_instances(ibm):
    bearer = {"Authorization": f"Bearer {ibm.token}"}
    async with ibm.session.post(
        f"{ibm.url}/search/v3/resources/search?limit=100",
        json={"query": "service_name:quantum-computing", "fields": ["crn"]},
        headers=bearer,
    ) as answer:
        items = (await answer.json())["items"]
    async with ibm.session.get(f"{ibm.url}/catalog/{items[0]['service_plan_unique_id']}", headers=bearer) as answer:
        plan = await answer.json()

    assert [item["crn"] for item in items] == [CRN, OTHER_CRN]
    assert plan["overview_ui"]["en"]["display_name"] == "Flex"


async def test_what_is_unknown_is_answered_in_ibms_words(ibm):
    assert (await ibm.ask("GET", "/workloads"))[1]["errors"][0]["code"] == 1291


async def test_the_eagle_is_a_heavy_hexagon(ibm):
    _, shown = await ibm.ask("GET", "/backends/ibm_test_eagle/configuration")

    neighbours = {qubit: set() for qubit in range(127)}
    for one, other in shown["coupling_map"]:
        neighbours[one].add(other)
        neighbours[other].add(one)
    assert (shown["n_qubits"], len(shown["coupling_map"])) == (127, 144)
    assert max(map(len, neighbours.values())) == 3
    assert neighbours[14] == {0, 18}


async def test_old_versions_list_bare_names(ibm):
    _, new = await ibm.ask("GET", "/backends")
    _, old = await ibm.ask("GET", "/backends", headers={"IBM-API-Version": "2024-01-01"})

    assert old["devices"] == [device["name"] for device in new["devices"]]


async def test_properties_cover_every_qubit_and_gate(ibm):
    _, shown = await ibm.ask("GET", "/backends/ibm_test_five/properties")

    assert len(shown["qubits"]) == 5
    assert sum(gate["gate"] == "cx" for gate in shown["gates"]) == 8
    dates = {value["date"] for qubit in shown["qubits"] for value in qubit}
    assert dates == {shown["last_update_date"]}


async def test_calibration_has_a_history_by_date_and_by_id(ibm):
    path = "/backends/ibm_test_five/properties"
    _, newest = await ibm.ask("GET", path)
    _, before = await ibm.ask("GET", path, params={"updated_before": newest["last_update_date"]})
    job = await ibm.submit()
    _, shown = await ibm.ask("GET", f"/jobs/{job}")
    _, by_id = await ibm.ask("GET", path, params={"calibration_id": shown["calibration_id"]})

    assert before["last_update_date"] < newest["last_update_date"]
    assert before["qubits"] != newest["qubits"]
    assert by_id["last_update_date"] >= newest["last_update_date"]
    assert (await ibm.ask("GET", path, params={"calibration_id": "0" * 32}))[0] == 404
    assert (await ibm.ask("GET", path, params={"updated_before": "2001-01-01T00:00:00Z"}))[1] == {}
    assert (await ibm.ask("GET", path, params={"updated_before": "yesterday"}))[0] == 400


async def test_calibration_stands_still_and_goes_on_when_told(ibm):
    path = "/backends/ibm_test_five/properties"
    long_ago = datetime.now(UTC) - timedelta(days=2)

    await ibm.control("backends", backend="ibm_test_five", calibrated_at=long_ago.isoformat())
    stuck = (await ibm.ask("GET", path))[1]["last_update_date"]
    await ibm.control("backends", backend="ibm_test_five", recalibrate=True)
    fresh = (await ibm.ask("GET", path))[1]["last_update_date"]

    assert stuck == long_ago.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert datetime.now(UTC) - datetime.fromisoformat(fresh) < timedelta(seconds=30)


async def test_a_lie_about_calibration_shows_an_old_date(ibm):
    await ibm.control("faults", rules=[{"match": "GET /properties", "kind": "stale_calibration", "times": 1}])
    path = "/backends/ibm_test_eagle/properties"

    old, true = [(await ibm.ask("GET", path))[1]["last_update_date"] for _ in range(2)]
    assert datetime.fromisoformat(true) - datetime.fromisoformat(old) >= timedelta(days=29)


async def test_a_backend_in_maintenance_keeps_its_jobs_waiting(ibm):
    await ibm.control("backends", backend="ibm_test_five", online=False, message="a new fridge", queue_length=7)
    job = await ibm.submit()
    await asyncio.sleep(0.1)
    _, waiting = await ibm.ask("GET", f"/jobs/{job}")
    _, status = await ibm.ask("GET", "/backends/ibm_test_five/status")
    _, listed = await ibm.ask("GET", "/backends")
    await ibm.control("backends", backend="ibm_test_five", online=True)

    assert waiting["state"]["status"] == "Queued"
    assert status == {
        "state": False,
        "status": "maintenance",
        "message": "a new fridge",
        "length_queue": 8,
        "backend_version": "2.0.7",
    }
    assert {device["name"]: device["status"]["name"] for device in listed["devices"]}["ibm_test_five"] == "offline"
    assert (await ibm.ended(job))["status"] == "Completed"


async def test_the_command_line_serves_tls_and_says_where(tmp_path):
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    certificate.private_key_pem.write_to_path(tmp_path / "key")
    options = ["--tls-cert", tmp_path / "cert", "--tls-key", tmp_path / "key", "--api-key", "mine", "--instant"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes.vendors.ibm", *options), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session:
            assert (await Client(session, told["url"]).grant("mine"))[0] == 200
            assert (await Client(session, told["url"]).grant())[0] == 400
            assert (await session.get(f"{told['control']}/_control/state")).status == 200
    finally:
        process.terminate()
        assert await process.wait() == 0
