# METADATA
# title: Program may run
# description: >-
#   The program asked for is one that `data.org.programs` lists for the workload class.
# related_resources:
#   - docs/reference/policies.md#circuitsprogram
# custom:
#   owner: platform-security
#   severity: medium
package gateway.rules.circuits.program

import data.gateway.names
import data.gateway.result

deny contains result.denial("circuits/program", message, remedy) if {
	not _listed
	message := sprintf("the program %q is not open to %s work", [result.words(["job", "program"], "unknown"), names.workload])
	remedy := sprintf("use one of: %s", [concat(", ", sort(_choices))])
}

_listed if input.job.program in _choices

default _choices := []

_choices := data.org.programs[input.job.workload_class]
