"""What a client calls a backend, and what it is here."""

import pytest

from adapters.ionq import names


@pytest.mark.parametrize(
    ("wire", "ours"),
    [
        pytest.param("simulator", "sim_line_5", id="the simulator"),
        pytest.param("ionq_simulator", "sim_line_5", id="as the SDK opens sessions on it"),
        pytest.param("simulator.sim_heavyhex_27", "sim_heavyhex_27", id="an emulated device as a simulator"),
        pytest.param("qpu.sim_heavyhex_27", "sim_heavyhex_27", id="an emulated device as a machine"),
        pytest.param("qpu.simulator.sim_heavyhex_27", "sim_heavyhex_27", id="as the SDK looks it up"),
        pytest.param("sim_heavyhex_27", "sim_heavyhex_27", id="our own name"),
        pytest.param("qpu.forte-1", "qpu.forte-1", id="a machine of IonQ"),
        pytest.param("qpu.qpu", "qpu.qpu", id="what the SDK asks for at first"),
        pytest.param("qpu.similar-1", "qpu.similar-1", id="a machine with a similar name"),
    ],
)
def test_a_name_means_one_backend(wire, ours):
    assert names.ours(wire, simulator="sim_line_5") == ours


def test_without_a_setting_simulator_is_the_vendors():
    assert names.ours("simulator", simulator=None) == "simulator"


@pytest.mark.parametrize("name", ["sim_line_5", "qpu.forte-1", "simulator"])
def test_what_is_shown_can_be_asked_for(name):
    assert names.ours(names.theirs(name), simulator=None) == name
