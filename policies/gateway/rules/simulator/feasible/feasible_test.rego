package gateway.rules.simulator.feasible_test

import data.gateway.rules.simulator.feasible as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"what can run": testing.facts,
		"hardware, whatever a simulator could do": testing.on_hardware({"simulator": {"feasible": false}}),
		"a payload that wire/readable judges": testing.changed({"simulator": {"feasible": null}, "wire": {"readable": false}}),
	}

	count(rule.deny) == 0 with input as facts
}

test_denies[name] if {
	some name, patch in {
		"what cannot run": {"feasible": false, "reason": "60 qubits need too much memory"},
		"nothing known": {"feasible": null, "reason": null},
	}

	count(rule.deny) == 1 with input as testing.changed({"simulator": patch})
}

test_denies_in_the_words_of_the_simulator if {
	patch := {"simulator": {"feasible": false, "reason": "60 qubits need too much memory"}}
	some finding in rule.deny with input as testing.changed(patch)
	finding.message == "no simulator can run this job: 60 qubits need too much memory"
}
