"""What the fake IonQ takes and refuses; unknown and wrong fields are named in the vendor's shape."""

import aiohttp
import pytest

from tests.fakes.vendors.ionq import DEFAULT_KEY, FakeIonq
from tests.fakes.vendors.serving import Pace, running

KEY = {"Authorization": f"apiKey {DEFAULT_KEY}"}
CIRCUIT = {"gateset": "qis", "qubits": 2, "circuit": [{"gate": "x", "target": 1}]}


def order(**more):
    return {"type": "ionq.circuit.v1", "backend": "simulator", "input": CIRCUIT} | more


async def submitted(body, **more):
    pace = Pace(queue_seconds=60, instant=True)
    async with (
        running(FakeIonq(pace=pace)) as url,
        aiohttp.ClientSession(url, headers=KEY) as session,
        session.post("/v0.4/jobs", **({"json": body} | more)) as answer,
    ):
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("more", "key"),
    [
        pytest.param({"bogus": 1}, "bogus", id="a key it does not know"),
        pytest.param({"shots": "100"}, "shots", id="a number as text"),
        pytest.param({"shots": 0}, "shots", id="no shots"),
        pytest.param({"shots": 1_000_001}, "shots", id="a shot too many"),
        pytest.param({"shots": None}, "body", id="null"),
        pytest.param({"name": "semi;colon"}, "name", id="a name with other characters"),
        pytest.param({"backend": "qpu.qpu"}, "backend", id="no such backend"),
        pytest.param({"metadata": {"shots": 100}}, "metadata.shots", id="metadata that are no text"),
        pytest.param({"metadata": dict.fromkeys(map(str, range(11)), "")}, "metadata", id="eleven metadata"),
        pytest.param({"metadata": {"k" * 41: ""}}, "metadata", id="a long metadata key"),
        pytest.param({"metadata": {"k": "v" * 40_001}}, "metadata", id="a long metadata value"),
        pytest.param({"noise": {"model": "loud"}}, "noise.model", id="no such noise"),
        pytest.param({"settings": {"compilation": {"opt": "1"}}}, "settings.compilation.opt", id="a setting's type"),
        pytest.param(
            {"settings": {"error_mitigation": {"debiasing": True}}, "shots": 499}, "body", id="debias too few"
        ),
        pytest.param({"input": CIRCUIT | {"gateset": "other"}}, "input", id="no such gateset"),
        pytest.param(
            {"input": {"gateset": "qis", "circuit": [{"gate": "gpi", "target": 0}]}}, "input.circuit.0.gate", id="gate"
        ),
        pytest.param({"type": "ionq.circuit.v9"}, "body", id="no such type"),
    ],
)
async def test_a_wrong_body_is_refused_with_the_name_of_what_is_wrong(more, key):
    status, said = await submitted(order(**more))

    assert (status, said["statusCode"], said["error"]) == (400, 400, "Bad Request")
    assert said["validation"] == {"keys": [key], "source": "body"}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(
            {"metadata": {"k" * 40: "v" * 40_000} | dict.fromkeys(map(str, range(9)), "")},
            id="metadata at their limits",
        ),
        pytest.param({"shots": 1_000_000}, id="most shots"),
        pytest.param({"noise": {"model": "aria-1", "seed": None}}, id="the SDK's null seed"),
        pytest.param(
            {"settings": {"compilation": {"service_version": "v0.4"}, "new": {}}}, id="settings it does not know"
        ),
        pytest.param({"settings": {"error_mitigation": {"debiasing": True}}, "shots": 500}, id="debias enough"),
    ],
)
async def test_what_is_within_the_limits_is_taken(more):
    assert (await submitted(order(**more)))[0] == 201


@pytest.mark.parametrize("text", ["{", '{"type": NaN}', "[]", ""])
async def test_what_is_no_json_object_is_refused(text):
    status, said = await submitted(None, json=None, data=text, headers=KEY | {"Content-Type": "application/json"})

    assert (status, said["error"]) == (400, "Bad Request")


async def test_the_body_must_say_that_it_is_json():
    status, said = await submitted(None, json=None, data="{}", headers=KEY | {"Content-Type": "text/plain"})

    assert (status, said["statusCode"]) == (415, 415)


async def test_a_refusal_does_not_repeat_what_was_sent():
    _, said = await submitted(order(shots="very secret"))

    assert "secret" not in str(said)
