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
import data.gateway.result

deny contains result.denial("circuits/per-job", message, "split the job") if {
	limits.verdict(_found, _limit) == "over"
	message := sprintf("%d circuits in one job, this key may use at most %d in %s work", [_found, _limit, _workload])
}

deny contains result.denial("circuits/per-job", "the job has no circuit", "submit at least one circuit") if _none

deny contains result.unknown("circuits/per-job", "the number of circuits, or the limit,") if {
	limits.verdict(_found, _limit) == "unknown"
}

_none if _found == 0

_none if input.circuits == []

_found := object.get(input, ["job", "circuit_count"], null)

_limit := limits.of("circuits_per_job")

_workload := result.words(["job", "workload_class"], "unknown")
