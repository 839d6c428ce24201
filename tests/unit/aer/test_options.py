import json
from pathlib import Path

import pytest

from adapters.aer import options
from adapters.aer.errors import OptionRefusedError
from adapters.aer.options import Treatment, not_applied

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("ibm_options_*.json"))
EVERY = [
    pytest.param(tree["program"], path, id=f"{file.stem.removeprefix('ibm_options_')} {name} {path}")
    for file in GOLDEN
    for name, tree in json.loads(file.read_text(encoding="utf-8"))["trees"].items()
    for path in tree["paths"]
]


def test_the_oldest_and_the_newest_supported_sdk_are_covered():
    assert [file.name for file in GOLDEN] == ["ibm_options_0.49.json", "ibm_options_0.51.json"]
    assert len(EVERY) > 250


@pytest.mark.parametrize(("program", "path"), EVERY)
def test_somebody_has_thought_about_every_option_of_the_sdk(program, path):
    """A new SDK brings options that nobody classified; they must not slip through by default."""
    rule = options.rule_for(program, path)

    assert rule is not None
    assert rule.why


@pytest.mark.parametrize(
    ("program", "submitted", "listed"),
    [
        pytest.param("sampler", {}, (), id="no options"),
        pytest.param("sampler", {"default_shots": 100}, (), id="shots are applied"),
        pytest.param("sampler", {"twirling": {"enable_gates": True}}, ("twirling.enable_gates",), id="twirling"),
        pytest.param("sampler", {"twirling": {"enable_gates": False}}, (), id="twirling that is off asks for nothing"),
        pytest.param("sampler", {"dynamical_decoupling": {"enable": True, "sequence_type": "XX"}},
                     ("dynamical_decoupling.enable", "dynamical_decoupling.sequence_type"), id="decoupling is listed"),
        pytest.param("sampler", {"execution": {"rep_delay": 1e-4, "init_qubits": True, "meas_type": "classified"}},
                     ("execution.rep_delay",), id="what happens anyway is applied"),
        pytest.param("estimator", {"resilience_level": 2}, ("resilience_level",), id="mitigation is listed"),
        pytest.param("estimator", {"resilience_level": 0}, (), id="no mitigation is applied"),
        pytest.param("estimator", {"resilience": {"zne_mitigation": True, "zne": {"noise_factors": [1, 3]}}},
                     ("resilience.zne.noise_factors", "resilience.zne_mitigation"), id="deep options are listed"),
        pytest.param("estimator", {"seed_estimator": 5, "simulator": {"seed_simulator": 7}}, (), id="seeds"),
        pytest.param("executor", {"init_qubits": True, "rep_delay": None, "experimental": {}}, (), id="defaults"),
        pytest.param("sampler", {"experimental": {"a": {"b": 1}}}, ("experimental.a.b",), id="experiments are listed"),
        pytest.param("sampler", {"invented": {"option": True}}, ("invented.option",), id="the unknown is listed"),
        pytest.param("sampler", {"simulator": {"coupling_map": [[0, 1]], "noise_model": None}},
                     ("simulator.coupling_map",), id="what is unset is not refused"),
    ],
)  # fmt: skip
def test_what_changes_nothing_is_listed(program, submitted, listed):
    assert not_applied(program, submitted) == listed


@pytest.mark.parametrize(
    ("program", "submitted", "named"),
    [
        pytest.param("sampler", {"execution": {"init_qubits": False}}, "execution.init_qubits", id="kept qubits"),
        pytest.param("sampler", {"execution": {"init_qubits": 1}}, "execution.init_qubits", id="one is not true"),
        pytest.param("sampler", {"execution": {"meas_type": "kerneled"}}, "execution.meas_type", id="analogue signals"),
        pytest.param("executor", {"meas_level": "both"}, "meas_level", id="analogue signals beside bits"),
        pytest.param("executor", {"init_qubits": False}, "init_qubits", id="kept qubits in an executor program"),
        pytest.param(
            "sampler", {"simulator": {"noise_model": {"errors": []}}}, "simulator.noise_model", id="own noise"
        ),
        pytest.param(
            "sampler", {"simulator": {"seed_simulator": "x"}}, "simulator.seed_simulator", id="a seed of text"
        ),
        pytest.param("sampler", {"simulator": {"seed_simulator": 2**53}}, "simulator.seed_simulator", id="a huge seed"),
        pytest.param("estimator", {"seed_estimator": -1}, "seed_estimator", id="a negative seed"),
        pytest.param("estimator", {"seed_estimator": True}, "seed_estimator", id="a seed that is a boolean"),
    ],
)
def test_what_would_falsify_the_result_is_refused_by_name(program, submitted, named):
    with pytest.raises(OptionRefusedError) as refusal:
        not_applied(program, submitted)

    assert refusal.value.option == named
    assert refusal.value.code == "option-refused"
    assert named in refusal.value.message
    assert "allowed: " in refusal.value.message


def test_the_simulators_seed_goes_before_the_estimators():
    assert options.seed({"seed_estimator": 5, "simulator": {"seed_simulator": 0}}) == 0
    assert options.seed({"seed_estimator": 5, "simulator": {}}) == 5
    assert options.seed({}) is None


def test_no_rule_is_hidden_behind_an_earlier_one():
    """The first rule that covers a path speaks, so a later one for the same path would never be heard."""
    for program, rules in options.RULES.items():
        for rule in rules:
            assert options.rule_for(program, rule.path) is rule


def test_only_options_with_a_harmless_value_can_be_refused_by_value():
    for rules in options.RULES.values():
        assert all(rule.of_value(None) is Treatment.APPLIED for rule in rules)
