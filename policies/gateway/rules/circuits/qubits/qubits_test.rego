package gateway.rules.circuits.qubits_test

import data.gateway.rules.circuits.qubits as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"just the limit": testing.with_circuit({"qubits_used": 4}),
		"a payload that wire/readable judges": testing.changed({"circuits": null, "wire": {"readable": false}}),
	}

	count(rule.deny) == 0 with input as facts with data.org.limits as testing.limits
}

test_denies[name] if {
	some name, facts in {
		"one over": testing.with_circuit({"qubits_used": 5}),
		"not a number": testing.with_circuit({"qubits_used": "1"}),
		"no circuits known": testing.changed({"circuits": null}),
		"a class without limits": testing.changed({"job": {"workload_class": "production"}}),
		"no roles": testing.changed({"key": {"roles": null}}),
	}

	count(rule.deny) == 1 with input as facts with data.org.limits as testing.limits
}
