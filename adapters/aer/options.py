"""Every option of the SDK's primitives, and what a simulator does with it: apply, refuse, or list as not applied.

An option is named by its dotted path, as it stands in the submission or in the SDK's option tree. A value
that asks only for what happens anyway (twirling off, classified measurement) is applied. What no rule
knows is listed as not applied, so that nothing is ever dropped in silence.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adapters.aer.errors import OptionRefusedError


class Treatment(StrEnum):
    """What becomes of an option."""

    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What becomes of one option, or of all below a section when the path ends in `.*`."""

    path: str
    treatment: Treatment
    why: str
    harmless: tuple[Any, ...] = ()
    """Values that ask only for what happens anyway; they are applied whatever the treatment."""
    numbers: bool = False
    """Only whole numbers below 2**53 are values of this option at all."""

    def covers(self, path: str) -> bool:
        """Whether this rule speaks about a path."""
        return path == self.path or (self.path.endswith(".*") and path.startswith(self.path[:-1]))

    def of_value(self, value: Any) -> Treatment:
        """Say what becomes of one value."""
        if value is None or any(value is one or (value == one and type(value) is type(one)) for one in self.harmless):
            return Treatment.APPLIED
        if self.numbers and not _seed_like(value):
            return Treatment.REFUSED
        return self.treatment

    @property
    def allowed(self) -> str:
        """Name the values that are not refused."""
        return "a whole number below 2**53" if self.numbers else ", ".join(["unset", *map(json.dumps, self.harmless)])


def _applied(path: str, why: str, *, numbers: bool = False) -> Rule:
    return Rule(path=path, treatment=Treatment.APPLIED, why=why, numbers=numbers)


def _listed(path: str, why: str, harmless: tuple[Any, ...] = ()) -> Rule:
    return Rule(path=path, treatment=Treatment.NOT_APPLIED, why=why, harmless=harmless)


def _refused(path: str, why: str, harmless: tuple[Any, ...] = ()) -> Rule:
    return Rule(path=path, treatment=Treatment.REFUSED, why=why, harmless=harmless)


_OFF = (False,)
_ON = (True,)
_NOT_SIMULATED = "error suppression and mitigation are not simulated"
_NO_TIME = "simulated shots take no time on a device"

_EXECUTION = (
    _refused("init_qubits", "every simulated shot begins in the ground state", _ON),
    _listed("rep_delay", _NO_TIME),
    _listed("scheduler_timing", "simulated circuits are not scheduled", _OFF),
    _listed("stretch_values", "simulated circuits are not scheduled", _OFF),
)
_ENVIRONMENT = (
    _listed("environment.log_level", "the simulator writes no log for the job", ("WARNING",)),
    _applied("environment.job_tags", "the gateway keeps the job's tags"),
    _applied("environment.private", "the gateway keeps private jobs apart"),
    _applied("environment.max_execution_time", "the job is stopped after this time"),
    _listed("environment.image", "there is no runtime image"),
)
_COMMON = (
    _applied("max_execution_time", "the job is stopped after this time"),
    *_ENVIRONMENT,
    *(
        Rule(path=f"execution.{rule.path}", treatment=rule.treatment, why=rule.why, harmless=rule.harmless)
        for rule in _EXECUTION
    ),
    _applied("simulator.seed_simulator", "it seeds the simulation", numbers=True),
    _refused("simulator.noise_model", "noise is the operator's setting and comes from the calibration snapshot"),
    _refused("simulator.layer_noise_model", "noise is the operator's setting and comes from the calibration snapshot"),
    _listed("simulator.coupling_map", "circuits run as they were submitted"),
    _listed("simulator.basis_gates", "circuits run as they were submitted"),
    _listed("simulator.angle_decimals", "angles are simulated as they were submitted"),
    _listed("simulator.warn_absent", "it concerns layer noise models only", _ON),
    _listed("experimental.*", "experimental options have no documented meaning"),
)
_MITIGATION = (
    _listed("dynamical_decoupling.enable", _NOT_SIMULATED, _OFF),
    _listed("dynamical_decoupling.*", _NOT_SIMULATED),
    _listed("twirling.enable_gates", _NOT_SIMULATED, _OFF),
    _listed("twirling.enable_measure", _NOT_SIMULATED, _OFF),
    _listed("twirling.*", _NOT_SIMULATED, ("auto",)),
)
_CLASSIFIED = "a simulator has no analogue signal"

RULES: Mapping[str, tuple[Rule, ...]] = {
    "sampler": (
        _applied("default_shots", "pubs without shots of their own take it"),
        _refused("execution.meas_type", _CLASSIFIED, ("classified",)),
        *_MITIGATION,
        *_COMMON,
    ),
    "estimator": (
        _applied("default_shots", "each measurement basis takes so many shots"),
        _applied("default_precision", "pubs without a precision of their own take it"),
        _applied("seed_estimator", "it seeds the simulation", numbers=True),
        _listed("resilience_level", _NOT_SIMULATED, (0,)),
        _listed("resilience.measure_mitigation", _NOT_SIMULATED, _OFF),
        _listed("resilience.zne_mitigation", _NOT_SIMULATED, _OFF),
        _listed("resilience.pec_mitigation", _NOT_SIMULATED, _OFF),
        _listed("resilience.*", _NOT_SIMULATED, ("auto",)),
        *_MITIGATION,
        *_COMMON,
    ),
    "executor": (
        *_EXECUTION,
        _refused("meas_level", _CLASSIFIED, ("classified",)),
        _refused("execution.meas_type", _CLASSIFIED, ("classified",)),
        *(
            _applied(path, "the SDK compiled it into the circuits before it sent them")
            for path in (
                "default_shots",
                "default_precision",
                "dynamical_decoupling.*",
                "resilience.*",
                "resilience_level",
                "twirling.*",
            )
        ),
        *_COMMON,
    ),
}
"""By program. The first rule that covers a path speaks."""


def rule_for(program: str, path: str) -> Rule | None:
    """Find the rule for an option; `None` when nobody has thought about it yet."""
    return next((rule for rule in RULES.get(program, _COMMON) if rule.covers(path)), None)


def not_applied(program: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """List the submitted options that change nothing here, sorted.

    Raises:
        OptionRefusedError: an option whose absence would falsify the result.
    """
    listed = []
    for path, value in leaves(program, options):
        rule = rule_for(program, path)
        treatment = rule.of_value(value) if rule else Treatment.NOT_APPLIED
        if rule and treatment is Treatment.REFUSED:
            raise OptionRefusedError(option=path, allowed=rule.allowed, why=rule.why)
        if treatment is Treatment.NOT_APPLIED:
            listed.append(path)
    return tuple(sorted(listed))


def seed(options: Mapping[str, Any]) -> int | None:
    """Give the seed the caller chose; the simulator's own before the estimator's."""
    simulator = options.get("simulator")
    chosen = simulator.get("seed_simulator") if isinstance(simulator, Mapping) else None
    chosen = options.get("seed_estimator") if chosen is None else chosen
    return chosen if _seed_like(chosen) else None


def leaves(program: str, options: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the options, giving the dotted path and value of each.

    A list is a value; so is a map that a rule names as a whole, such as a noise model.
    """
    for name, value in options.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping) and not _named(program, path):
            yield from leaves(program, value, f"{path}.")
        else:
            yield path, value


def _named(program: str, path: str) -> bool:
    rule = rule_for(program, path)
    return rule is not None and rule.path == path


def _seed_like(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
