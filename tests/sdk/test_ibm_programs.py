"""All three programs through a stock SDK. Exact numbers belong to the simulator's own tests; here it is
that the right circuit ran, with the right bits in the right registers, and that the result says what it is.
"""

import math

import pytest

pytestmark = pytest.mark.long

NOISE = 0.15
"""Room for a calibrated noise model and for sampling."""


@pytest.fixture(scope="module")
def sampler(sdk, gateway):
    return sdk.run("sampler", env=gateway.env)


@pytest.fixture(scope="module")
def estimator(sdk, gateway):
    return sdk.run("estimator", env=gateway.env)


@pytest.fixture(scope="module")
def executor(sdk, gateway):
    return sdk.run("executor", env=gateway.env)


def fraction(counts, wanted):
    return sum(counts.get(bits, 0) for bits in wanted) / sum(counts.values())


def one_probability(counts, place):
    """How often the bit counted from the right read 1."""
    return sum(n for bits, n in counts.items() if bits[-1 - place] == "1") / sum(counts.values())


@pytest.fixture(params=["sampler", "executor"])
def either(request, sampler, executor):
    """Give the reports of the classic Sampler and of the client-side one in turn."""
    return {"sampler": sampler, "executor": executor}[request.param]


def test_entangled_qubits_agree(either):
    pub = either["bell"]

    assert fraction(pub["counts"]["meas"], {"00", "11"}) > 1 - NOISE
    assert abs(fraction(pub["counts"]["meas"], {"11"}) - 0.5) < NOISE


def test_registers_keep_their_names_and_bits(either):
    counts = either["registers"]["counts"]

    assert fraction(counts["beta"], {"1"}) > 1 - NOISE
    assert fraction(counts["alpha"], {"00", "11"}) > 1 - NOISE


def test_a_measurement_decides_what_runs_next(either):
    assert fraction(either["dynamic"]["counts"]["c"], {"00", "11"}) > 1 - NOISE


def test_parameters_broadcast(sampler):
    first, second = sampler["parametrised"]

    assert (first["shape"], first["shots"]) == ([3], {"meas": 200})
    assert (second["shape"], second["shots"]) == ([], {"meas": 100})
    assert (sampler["grid"]["shape"], sampler["grid"]["shots"]) == ([2, 3], {"meas": 64})


def test_options_reach_the_job(sampler):
    assert sampler["options"]["shots"] == {"meas": 77}
    assert "tagged" in sampler["options"]["tags"]
    not_applied = sampler["options"]["result_metadata"]["qgw"]["options_not_applied"]
    assert any("dynamical_decoupling" in path for path in not_applied)


def test_client_side_primitives_undo_their_twirling(executor):
    assert fraction(executor["twirled"]["counts"]["meas"], {"00", "11"}) > 1 - NOISE
    assert executor["twirled"]["shots"] == {"meas": 128}
    assert executor["twirled_parametrised"]["shape"] == [3]


def test_parameter_values_go_to_their_parameters(sampler, executor):
    """At theta = 0 qubit 0 reads 0; at theta = pi it reads 1: all sets together, 1 half of the time."""
    for pub in (sampler["parametrised"][0], executor["parametrised"], executor["twirled_parametrised"]):
        assert abs(one_probability(pub["counts"]["meas"], 0) - 0.5) < NOISE


def test_expectation_values_are_those_of_a_bell_pair(estimator, executor):
    """<ZZ> + <XX>/2 = 1.5."""
    for value in (estimator["bell"]["evs"], executor["estimator"]["evs"]):
        assert abs(value - 1.5) < 2 * NOISE
    assert estimator["bell"]["stds"] < 0.1
    assert [abs(pub["evs"] - ideal) < NOISE for pub, ideal in zip(estimator["several"], (1, 0), strict=True)] == [
        True
    ] * 2


def test_observables_and_parameters_broadcast(estimator):
    """Rows are observables, columns parameter sets; <IZ> of a rotated first qubit is cos(theta)."""
    rows = estimator["broadcast"]["evs"]

    assert estimator["broadcast"]["shape"] == [3, 4]
    assert estimator["parameters"] == ["phi", "theta"]
    thetas = [1 / 7, 3 / 7, 5 / 7, 1.0]
    assert all(abs(value - math.cos(theta)) < 2 * NOISE for value, theta in zip(rows[2], thetas, strict=True))


def test_a_program_of_ones_own_comes_back_with_what_it_passed_through(executor):
    assert executor["program"]["shapes"] == [{"meas": [100, 2]}, {"meas": [3, 100, 2]}]
    assert executor["program"]["passthrough"] == {"mine": [1, {"two": None}]}
    assert executor["program"]["agreement"] > 1 - NOISE


def test_everybody_is_told_that_a_simulator_ran(sampler, estimator, executor):
    """A person reads the warning and the tags, a program the metadata."""
    for report in (sampler, estimator, executor):
        assert any("simulator" in warning for warning in report["warnings"])
    for metadata in (
        sampler["result_metadata"],
        estimator["result_metadata"],
        executor["bell"]["metadata"]["circuit_metadata"],
    ):
        assert metadata["qgw"]["execution_kind"] == "simulator"
    assert sampler["job"]["backend"] == "sim_line_5"
