# METADATA
# title: Shots of a job
# description: >-
#   Every circuit asks for at least one shot and at most `shots_per_circuit`; all parameter sets of all circuits
#   together ask for at most `total_shots`.
# related_resources:
#   - docs/reference/policies.md#circuitsshots
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.circuits.shots

import data.gateway.limits
import data.gateway.names
import data.gateway.result

deny contains result.denial("circuits/shots", message, "ask for fewer shots or split the job") if {
	some what, measure in _measures
	measure.verdict == "over"
	message := sprintf("%d shots %s, this key may use at most %d in %s work", [
		measure.found,
		what,
		measure.limit,
		names.workload,
	])
}

deny contains result.denial("circuits/shots", "a circuit asks for no shot at all", "ask for at least one shot") if {
	limits.smallest("shots") == 0
}

deny contains result.unknown("circuits/shots", sprintf("the number of shots %s, or the limit,", [what])) if {
	some what, measure in _measures
	measure.verdict == "unknown"
}

_measures := {
	"of one circuit": limits.of_the_key.shots_per_circuit,
	"in all": limits.of_the_key.total_shots,
}
