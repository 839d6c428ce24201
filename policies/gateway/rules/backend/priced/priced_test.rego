package gateway.rules.backend.priced_test

import data.gateway.rules.backend.priced as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"hardware with a price": testing.on_hardware({}),
		"a simulator without one": testing.changed({"quote": {"amount_micros": null}}),
	}

	count(rule.divert) == 0 with input as facts
}

test_denies[name] if {
	some name, amount in {
		"no price": null,
		"a price that is no number": "1",
	}

	count(rule.divert) == 1 with input as testing.on_hardware({"quote": {"amount_micros": amount}})
}
