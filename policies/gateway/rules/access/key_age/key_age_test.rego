package gateway.rules.access.key_age_test

import data.gateway.rules.access.key_age as rule
import data.gateway.testing

test_allows_a_key_of_just_the_age if count(rule.deny) == 0 with input as _aged(100) with data.org.keys as _limit

test_denies[name] if {
	some name, facts in {
		"one second over": _aged(101),
		"age unknown": testing.without("key/age_seconds"),
		"workload class without a limit": testing.changed({"job": {"workload_class": "production"}}),
	}

	count(rule.deny) == 1 with input as facts with data.org.keys as _limit
}

_aged(seconds) := testing.changed({"key": {"age_seconds": seconds}})

_limit := {"max_age_seconds": {"experimental": 100}}
