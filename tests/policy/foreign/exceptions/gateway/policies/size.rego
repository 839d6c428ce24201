package gateway.policies.size

deny contains msg if {
	some index, circuit in input.circuits
	circuit.size > 1000
	msg := {"id": "size", "text": sprintf("circuit %d has %d operations", [index, circuit.size])}
}

deny contains msg if {
	input.job.circuit_count != count(input.circuits)
	msg := {"id": "size", "text": "circuits were counted twice and differ"}
}

warn contains msg if {
	total := sum([circuit.two_qubit_gates | some circuit in input.circuits])
	total > 1
	msg := {"id": "size", "text": sprintf("%d two-qubit gates", [total])}
}
