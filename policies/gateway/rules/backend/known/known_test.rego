package gateway.rules.backend.known_test

import data.gateway.rules.backend.known as rule
import data.gateway.testing

test_allows_a_known_backend if count(rule.divert) == 0 with input as testing.facts

test_denies[name] if {
	some name, facts in {
		"not known": testing.changed({"backend": {"known": false}}),
		"nothing known about it": testing.without("backend"),
	}

	count(rule.divert) == 1 with input as facts
}
