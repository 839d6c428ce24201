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
import data.gateway.result

deny contains result.denial("backend/capacity", message, measure.remedy) if {
	_applies
	some measure in _measures
	limits.verdict(measure.found, measure.limit) == "over"
	message := sprintf("%d %s, %s takes at most %d", [measure.found, measure.what, _asked, measure.limit])
}

deny contains result.unknown("backend/capacity", sprintf("how many %s, or how many the backend takes,", [measure.what])) if {
	_applies
	some measure in _measures
	limits.verdict(measure.found, measure.limit) == "unknown"
}

deny contains result.denial("backend/capacity", message, "choose a backend with dynamic circuits") if {
	_applies
	_dynamic
	not input.backend.dynamic_circuits == true
	message := sprintf("a circuit has control flow or measures in the middle, %s does neither", [_asked])
}

_applies if not input.backend.known == false

_measures := [
	{
		"what": "qubits in one circuit",
		"found": limits.largest("qubits_declared"),
		"limit": _offered("qubits"),
		"remedy": "transpile for this backend or choose a larger one",
	},
	{
		"what": "shots of one circuit",
		"found": limits.largest("shots"),
		"limit": _offered("max_shots"),
		"remedy": "ask for fewer shots",
	},
	{
		"what": "circuits in one job",
		"found": object.get(input, ["job", "circuit_count"], null),
		"limit": _offered("max_circuits"),
		"remedy": "split the job",
	},
]

# Also when unknown: a backend without dynamic circuits must be sure that there are none.
_dynamic if {
	some field in ["control_flow", "mid_circuit_measurements"]
	limits.verdict(limits.largest(field), 0) in {"over", "unknown"}
}

_offered(name) := object.get(input, ["backend", name], null)

_asked := result.words(["backend", "asked"], "the backend")
