# METADATA
# title: Circuits of a job
# description: >-
#   A job has at least one circuit, and no more than the limit `circuits_per_job` of the key's roles and
#   workload class.
# related_resources:
#   - docs/reference/policies.md#circuitsper-job
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.circuits.per_job

import data.gateway.limits
import data.gateway.names
import data.gateway.result

deny contains result.denial("circuits/per-job", message, "split the job") if {
	_circuits.verdict == "over"
	message := sprintf("%d circuits in one job, this key may use at most %d in %s work", [_circuits.found, _circuits.limit, names.workload])
}

deny contains result.denial("circuits/per-job", "the job has no circuit", "submit at least one circuit") if _none

deny contains result.unknown("circuits/per-job", "the number of circuits, or the limit,") if _circuits.verdict == "unknown"

_none if _circuits.found == 0

_none if input.circuits == []

_circuits := limits.of_the_key.circuits_per_job
