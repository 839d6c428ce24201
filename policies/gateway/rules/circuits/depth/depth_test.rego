package gateway.rules.circuits.depth_test

import data.gateway.rules.circuits.depth as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"just the limit": testing.with_circuit({"depth": 10}),
		"a payload that wire/readable judges": testing.changed({"circuits": null, "wire": {"readable": false}}),
		"a role with a higher limit": object.union(testing.with_circuit({"depth": 11}), {"key": {"roles": ["scientist", "lead"]}}),
	}

	count(rule.deny) == 0 with input as facts with data.org.limits as testing.limits
}

test_denies[name] if {
	some name, facts in {
		"one over": testing.with_circuit({"depth": 11}),
		"not a number": testing.with_circuit({"depth": "1"}),
		"no circuits known": testing.changed({"circuits": null}),
		"a class without limits": testing.changed({"job": {"workload_class": "production"}}),
		"no roles": testing.changed({"key": {"roles": null}}),
	}

	count(rule.deny) == 1 with input as facts with data.org.limits as testing.limits
}
