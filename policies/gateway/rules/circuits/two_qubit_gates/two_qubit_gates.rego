# METADATA
# title: Two-qubit gates of a circuit
# description: >-
#   No circuit has more two-qubit gates than the limit `two_qubit_gates` of the key's roles and workload class.
# related_resources:
#   - docs/reference/policies.md#circuitstwo-qubit-gates
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.circuits.two_qubit_gates

import data.gateway.limits
import data.gateway.names
import data.gateway.result

deny contains result.denial("circuits/two-qubit-gates", message, "transpile with a higher optimization level or split the circuit") if {
	_gates.verdict == "over"
	message := sprintf("a circuit has %d two-qubit gates, this key may use at most %d in %s work", [_gates.found, _gates.limit, names.workload])
}

deny contains result.unknown("circuits/two-qubit-gates", "the number of two-qubit gates of a circuit, or the limit,") if _gates.verdict == "unknown"

_gates := limits.of_the_key.two_qubit_gates
