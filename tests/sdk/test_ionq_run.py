"""Every kind of IonQ job on the gateway's simulator, by the unmodified SDK."""

import pytest

SHOTS = 200


@pytest.fixture(scope="module")
def report(ionq_sdk, ionq):
    return ionq_sdk.run("ionq_run", env=ionq.env)


def test_the_environment_is_all_the_sdk_needs(ionq):
    assert ionq.env == {"IONQ_API_URL": f"{ionq.url}/ionq/v0.4", "IONQ_API_KEY": ionq.key}


@pytest.mark.parametrize(
    ("case", "device"),
    [
        pytest.param("single", "sim_heavyhex_127", id="the name simulator"),
        pytest.param("named", "sim_line_5", id="a simulator by its own name"),
        pytest.param("sharpened", "sim_line_5", id="debiased and sharpened"),
        pytest.param("noisy", "sim_heavyhex_127", id="a noise model"),
    ],
)
def test_a_bell_pair_agrees_with_itself_and_says_where_it_ran(report, case, device):
    told = report[case]

    assert sum(told["counts"].values()) == SHOTS
    assert set(told["counts"]) == {"00", "11"}
    assert told["shots"] == SHOTS
    assert told["label"]["execution_kind"] == "simulator"
    assert told["label"]["backend"] == device


def test_bits_come_back_in_the_order_in_which_they_were_measured(report):
    """On the wire there are only qubits; the SDK maps them by the header that is echoed to it."""
    assert report["ordered"]["counts"] == {"100": SHOTS}


def test_one_seed_gives_the_same_shots(report):
    first, second = report["seeded"]

    assert first == second
    assert len(first) == SHOTS


def test_several_circuits_are_answered_in_order_and_each_as_a_job_of_its_own(report):
    several = report["several"]

    assert set(several["counts"][0]) == {"00", "11"}
    assert several["counts"][1] == {"100": SHOTS}
    assert several["memory"] == [["00", "11"], ["100"]]
    assert several["lengths"] == [SHOTS, SHOTS]
    assert (several["children"], several["status"]["completed"]) == (2, 2)


def test_every_shot_is_there(report):
    assert report["memory"]["shots"] == SHOTS
    assert report["memory"]["outcomes"] == ["00", "11"]


def test_a_dynamic_circuit_is_answered_by_register(report):
    assert set(report["dynamic"]["counts"]) == {"10 0", "10 1"}
    assert report["dynamic"]["outcomes"] == ["10 0", "10 1"]


def test_an_evolution_turns_the_qubit_it_names(report):
    assert report["evolution"]["counts"] == {"10": SHOTS}


@pytest.mark.parametrize("family", ["aria", "forte"])
def test_native_gates_do_what_the_sdk_says_they_do(report, family):
    told = report["native"][family]

    assert sorted(told["counts"]) == told["expected"]


def test_a_dry_run_gives_the_circuit_and_no_result(report):
    dry = report["dry"]

    assert dry["dry"]
    assert dry["circuit"] == [{"gate": "h", "targets": [0]}, {"gate": "x", "targets": [1], "controls": [0]}]
    assert dry["result"]["type"] == "IonQJobError"


def test_metadata_come_back_as_they_were_given(report):
    assert report["metadata"] == {
        "kept": {"project": "moonshot", "qgw:classification": "internal"},
        "shots": 7,
        "counts": 7,
    }


def test_the_sdk_warns_of_what_its_user_would_not_expect(report):
    assert "this job ran on sim_line_5, a simulator; no quantum hardware was involved" in report["warnings"]
    assert any("noise model aria-1 was not applied" in warning for warning in report["warnings"])
    assert not any("Failed to get qubits" in warning for warning in report["warnings"])
