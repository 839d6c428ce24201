package gateway.rules.access.principal_enabled_test

import data.gateway.rules.access.principal_enabled as rule
import data.gateway.testing

test_allows_an_enabled_principal if count(rule.deny) == 0 with input as testing.facts

test_denies[name] if {
	some name, facts in {
		"disabled": testing.changed({"principal": {"disabled": true}}),
		"state unknown": testing.without("principal/disabled"),
		"no principal at all": {},
	}

	count(rule.deny) == 1 with input as facts
}
