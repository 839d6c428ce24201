package gateway.rules.backend.online_test

import data.gateway.rules.backend.online as rule
import data.gateway.testing

test_allows_a_backend_that_takes_work if {
	count(rule.deny | rule.divert) == 0 with input as testing.on_hardware({})
}

test_allows_what_backend_known_judges if {
	count(rule.deny | rule.divert) == 0 with input as testing.on_hardware({"backend": {"known": false, "online": null}})
}

test_denies_by_diverting[name] if {
	some name, online in {
		"down": false,
		"unknown": null,
	}

	count(rule.divert) == 1 with input as testing.on_hardware({"backend": {"online": online}})
}

test_denies_a_simulator_that_is_down if {
	facts := testing.changed({"backend": {"online": false}})
	count(rule.deny) == 1 with input as facts
	count(rule.divert) == 0 with input as facts
}
