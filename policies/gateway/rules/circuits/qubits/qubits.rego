# METADATA
# title: Qubits of a circuit
# description: >-
#   No circuit acts on more qubits than the limit `qubits` of the key's roles and workload class.
# related_resources:
#   - docs/reference/policies.md#circuitsqubits
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.circuits.qubits

import data.gateway.limits
import data.gateway.names
import data.gateway.result

deny contains result.denial("circuits/qubits", message, "use fewer qubits or ask for a higher limit") if {
	_qubits.verdict == "over"
	message := sprintf("a circuit uses %d qubits, this key may use at most %d in %s work", [_qubits.found, _qubits.limit, names.workload])
}

deny contains result.unknown("circuits/qubits", "the number of qubits of a circuit, or the limit,") if _qubits.verdict == "unknown"

_qubits := limits.of_the_key.qubits
