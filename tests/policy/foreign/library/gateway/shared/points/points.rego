package gateway.shared.points

import rego.v1

# Jeden punkt za warstwę na kubit, dziesięć za bramkę dwukubitową.
of[index] := value if {
	some index, circuit in input.circuits
	every number in [circuit.depth, circuit.qubits_used, circuit.two_qubit_gates] {
		is_number(number)
	}
	value := (circuit.depth * circuit.qubits_used) + (10 * circuit.two_qubit_gates)
}

default sum := 0

sum := total if {
	count(of) > 0
	total := sum_of(of)
}

sum_of(values) := total if {
	numbers := [value | some _, value in values]
	total := max(numbers) + (count(numbers) - 1)
}
