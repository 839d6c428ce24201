"""A client of the fake IBM Quantum that says what it is told to say, and small bodies for it."""

import asyncio
import base64
import io
import json
import zlib
from pathlib import Path

import aiohttp
import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, qpy

from tests.fakes.vendors.ibm.vendor import API_KEY, CRN
from tests.fakes.vendors.serving import Pace

OTHER_CRN = CRN.replace("1111", "9999")
GRANT = "urn:ibm:params:oauth:grant-type:apikey"
GOLDEN = Path(__file__).parents[2] / "golden/ibm/requests"
QUICK = Pace(queue_seconds=0.0, run_seconds=0.0)
ENDED = {"Completed", "Failed", "Cancelled"}


class Client:
    """A client with a token that says what it likes."""

    def __init__(self, session, url):
        self.session, self.url, self.token = session, url, ""

    async def grant(self, key=API_KEY, **form):
        async with self.session.post(
            f"{self.url}/identity/token", data={"grant_type": GRANT, "apikey": key, **form}
        ) as answer:
            return answer.status, await answer.json()

    async def ask(self, method, path, *, headers=None, **more):
        own = {"Authorization": f"Bearer {self.token}", "Service-CRN": CRN, "IBM-API-Version": "2026-04-15"}
        given = {name: value for name, value in {**own, **(headers or {})}.items() if value is not None}
        async with self.session.request(method, f"{self.url}/api/v1{path}", headers=given, **more) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    async def submit(self, **changes):
        status, answer = await self.ask("POST", "/jobs", json=body(**changes))
        assert status == 200, answer
        return answer["id"]

    async def ended(self, job):
        for _ in range(400):
            _, shown = await self.ask("GET", f"/jobs/{job}?exclude_params=true")
            if shown["state"]["status"] in ENDED:
                return shown
            await asyncio.sleep(0.02)
        raise AssertionError(shown)

    async def control(self, path, **order):
        async with self.session.post(f"{self.url}/_control/{path}", json=order) as answer:
            assert answer.status < 300, await answer.text()


async def opened(url):
    client = Client(aiohttp.ClientSession(), url)
    client.token = (await client.grant())[1]["access_token"]
    return client


def packed(circuit):
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=17)
    return {"__type__": "QuantumCircuit", "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode()}


def array(values):
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values, dtype=float))
    return {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode()}


def unpacked(value):
    return np.load(io.BytesIO(zlib.decompress(base64.b64decode(value["__value__"]))))


def flipped(*, angle=None):
    """Qubit 0 is turned by pi, or by a parameter, and measured into `ones`; qubit 1 into `zeros`."""
    circuit = QuantumCircuit(5)
    if angle is None:
        circuit.x(0)
    else:
        circuit.sx(0)
        circuit.rz(angle, 0)
        circuit.sx(0)
    for name, qubit in (("ones", 0), ("zeros", 1)):
        register = ClassicalRegister(1, name)
        circuit.add_register(register)
        circuit.measure(qubit, register[0])
    return circuit


def body(circuit=None, **changes):
    pub = [packed(circuit or flipped()), None, 20]
    params = {"pubs": [pub], "options": {}, "version": 2, "support_qiskit": True}
    return {"program_id": "sampler", "backend": "ibm_test_five", "log_level": "WARNING", "params": params, **changes}


def sampled(result, pub=0):
    fields = result["__value__"]["pub_results"][pub]["__value__"]["data"]["__value__"]["fields"]
    return {name: unpacked(field["__value__"]["array"]) for name, field in fields.items()}


async def result_of(client, **changes):
    job = await client.submit(**changes)
    shown = await client.ended(job)
    assert shown["status"] == "Completed", shown
    return (await client.ask("GET", f"/jobs/{job}/results"))[1]
