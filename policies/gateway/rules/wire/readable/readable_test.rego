package gateway.rules.wire.readable_test

import data.gateway.rules.wire.readable as rule
import data.gateway.testing

test_allows_a_payload_that_was_read if count(rule.deny) == 0 with input as testing.facts

test_denies[name] if {
	some name, facts in {
		"unreadable": testing.changed({"wire": {"readable": false, "problem_code": "qpy-version", "problem": "QPY 12"}}),
		"not known": testing.without("wire/readable"),
	}

	count(rule.deny) == 1 with input as facts
}

test_denies_in_the_words_of_the_reader if {
	patch := {"wire": {"readable": false, "problem_code": "qpy-version", "problem": "QPY 12 is too old"}}
	some finding in rule.deny with input as testing.changed(patch)
	finding.message == "the payload cannot be read (qpy-version): QPY 12 is too old"
}
