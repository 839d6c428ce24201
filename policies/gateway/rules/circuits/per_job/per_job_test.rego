package gateway.rules.circuits.per_job_test

import data.gateway.rules.circuits.per_job as rule
import data.gateway.testing

test_allows_just_the_limit if count(rule.deny) == 0 with input as _circuits(3) with data.org.limits as testing.limits

test_denies[name] if {
	some name, number in {
		"one over": 4,
		"none at all": 0,
		"number unknown": null,
	}

	count(rule.deny) == 1 with input as _circuits(number) with data.org.limits as testing.limits
}

test_denies_an_empty_list_whatever_is_counted if {
	facts := testing.changed({"circuits": [], "job": {"circuit_count": 1}})
	count(rule.deny) == 1 with input as facts with data.org.limits as testing.limits
}

_circuits(number) := testing.changed({"job": {"circuit_count": number}})
