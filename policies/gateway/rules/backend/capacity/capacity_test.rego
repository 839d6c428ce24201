package gateway.rules.backend.capacity_test

import data.gateway.rules.backend.capacity as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"just what it takes": testing.with_circuit({"qubits_declared": 5, "shots": 100000}),
		"a dynamic circuit on a device for them": testing.with_circuit({"control_flow": 1}),
		"a backend that backend/known judges": testing.changed({"backend": {"known": false, "qubits": null}}),
		"a payload that wire/readable judges": testing.changed({"circuits": null, "wire": {"readable": false}}),
	}

	count(rule.deny) == 0 with input as facts
}

test_denies[name] if {
	some name, facts in {
		"too many qubits": testing.with_circuit({"qubits_declared": 6}),
		"too many shots": testing.with_circuit({"shots": 100001}),
		"too many circuits": testing.changed({"job": {"circuit_count": 301}}),
		"size of the backend unknown": testing.changed({"backend": {"qubits": null}}),
		"control flow where there is none": _static({"control_flow": 1}),
		"a measurement in the middle where there is none": _static({"mid_circuit_measurements": 1}),
		"control flow unknown where there is none": _static({"control_flow": null}),
	}

	count(rule.deny) == 1 with input as facts
}

_static(patch) := object.union(testing.with_circuit(patch), {"backend": {"dynamic_circuits": false}})
