package gateway.rules.circuits.program_test

import data.gateway.rules.circuits.program as rule
import data.gateway.testing

test_allows_a_listed_program if count(rule.deny) == 0 with input as testing.facts with data.org.programs as _table

test_denies[name] if {
	some name, facts in {
		"another program": testing.changed({"job": {"program": "noise-learner"}}),
		"a class without programs": testing.changed({"job": {"workload_class": "production"}}),
		"program unknown": testing.without("job/program"),
	}

	count(rule.deny) == 1 with input as facts with data.org.programs as _table
}

_table := {"experimental": ["sampler"]}
