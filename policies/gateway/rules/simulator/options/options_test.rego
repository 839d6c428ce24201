package gateway.rules.simulator.options_test

import data.gateway.rules.simulator.options as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"no options": testing.facts,
		"options that hardware honours": testing.on_hardware({"simulator": {"options_refused": ["twirling"]}}),
	}

	count(rule.deny) == 0 with input as facts
}

test_allows_with_a_warning_what_changes_nothing if {
	facts := testing.changed({"simulator": {"options_not_applied": ["dynamical_decoupling.enable"]}})
	count(rule.deny) == 0 with input as facts
	count(rule.warn) == 1 with input as facts
}

test_denies[name] if {
	some name, refused in {
		"an option it must not ignore": ["meas_type"],
		"nothing known": null,
	}

	count(rule.deny) == 1 with input as testing.changed({"simulator": {"options_refused": refused}})
}
