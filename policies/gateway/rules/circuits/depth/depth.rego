# METADATA
# title: Depth of a circuit
# description: >-
#   No circuit is deeper than the limit `depth` of the key's roles and workload class.
# related_resources:
#   - docs/reference/policies.md#circuitsdepth
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.circuits.depth

import data.gateway.limits
import data.gateway.names
import data.gateway.result

deny contains result.denial("circuits/depth", message, "transpile with a higher optimization level or split the circuit") if {
	_depth.verdict == "over"
	message := sprintf("a circuit is %d layers deep, this key may use at most %d in %s work", [_depth.found, _depth.limit, names.workload])
}

deny contains result.unknown("circuits/depth", "the depth of a circuit, or the limit,") if _depth.verdict == "unknown"

_depth := limits.of_the_key.depth
