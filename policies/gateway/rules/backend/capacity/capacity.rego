# METADATA
# title: Job fits the backend
# description: >-
#   A job asks for no more qubits, shots, circuits or control flow than the backend asked for takes.
# related_resources:
#   - docs/reference/policies.md#backendcapacity
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.backend.capacity

import data.gateway.limits
import data.gateway.names
import data.gateway.result

deny contains result.denial("backend/capacity", message, _remedies[what]) if {
	_applies
	some what, measure in _measures
	measure.verdict == "over"
	message := sprintf("%d %s, %s takes at most %d", [measure.found, what, names.backend, measure.limit])
}

deny contains result.unknown("backend/capacity", sprintf("how many %s, or how many the backend takes,", [what])) if {
	_applies
	some what, measure in _measures
	measure.verdict == "unknown"
}

# Also when unknown: a backend without dynamic circuits must be sure that there are none.
deny contains result.denial("backend/capacity", message, "choose a backend with dynamic circuits") if {
	_applies
	not input.backend.dynamic_circuits == true
	some field in ["control_flow", "mid_circuit_measurements"]
	limits.verdict(limits.largest(field), 0) in {"over", "unknown"}
	message := sprintf("a circuit has control flow or measures in the middle, %s does neither", [names.backend])
}

_applies if not input.backend.known == false

_measures := {
	"qubits in one circuit": limits.judged(limits.largest("qubits_declared"), _offered("qubits")),
	"shots of one circuit": limits.judged(limits.largest("shots"), _offered("max_shots")),
	"circuits in one job": limits.judged(object.get(input, ["job", "circuit_count"], null), _offered("max_circuits")),
}

_remedies := {
	"qubits in one circuit": "transpile for this backend or choose a larger one",
	"shots of one circuit": "ask for fewer shots",
	"circuits in one job": "split the job",
}

_offered(name) := object.get(input, ["backend", name], null)
