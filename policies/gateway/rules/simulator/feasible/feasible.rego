# METADATA
# title: Simulator can run the job
# description: >-
#   A job that would run on a simulator is one that it can run; what cannot run is refused at submission, in the
#   simulator's own words.
# related_resources:
#   - docs/reference/policies.md#simulatorfeasible
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.simulator.feasible

import data.gateway.placement
import data.gateway.result

deny contains result.denial("simulator/feasible", message, "shrink the job, or choose another backend") if {
	placement.place.kind == "simulator"
	not input.wire.readable == false
	not input.simulator.feasible == true
	message := sprintf("no simulator can run this job: %s", [_reason])
}

default _reason := "none is enabled, or nothing is known about it"

_reason := input.simulator.reason if {
	is_string(input.simulator.reason)
	input.simulator.reason != ""
}
