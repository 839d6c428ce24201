package gateway.budgets_test

import data.gateway.budgets
import data.gateway.testing

test_a_job_fits_into_exactly_what_is_left[name] if {
	some name, [patch, want] in {
		"exactly what is left": [{"needed": 15000000}, false],
		"one micro more": [{"needed": 15000001}, true],
		"nothing, of a limit that is overdrawn": [{"needed": 0, "settled": 200000000}, false],
		"one micro, of a limit that is overdrawn": [{"needed": 1, "settled": 200000000}, true],
		"an unknown amount": [{"needed": null}, false],
		"of a limit without its amount": [{"allowed": null}, false],
	}

	_exceeded(object.union(testing.limit, patch)) == want
}

test_what_is_left_is_never_negative if {
	budgets.left(object.union(testing.limit, {"settled": 200000000})) == 0
	budgets.left(testing.limit) == 15000000
}

test_limits_that_could_not_be_read_are_no_limits if {
	budgets.limits == [] with input as testing.changed({"budget": {"limits": null}})
}

test_people_are_warned_past_the_soft_limit[name] if {
	some name, [patch, want] in {
		"up to it": [{"soft": 86600000}, false],
		"past it": [{"soft": 86599999}, true],
		"without one": [{}, false],
		"a job that takes nothing": [{"soft": 1, "needed": 0}, false],
	}

	_warned(object.union(testing.limit, patch)) == want
}

test_a_simulator_takes_the_place_where_the_table_says_so[name] if {
	some name, [facts, over, want] in {
		"hardware": [testing.on_hardware({}), "simulator", true],
		"hardware that is refused": [testing.on_hardware({}), "refuse", false],
		"a simulator": [testing.facts, "simulator", false],
		"a backend nobody knows": [testing.on_hardware({"backend": {"known": false}}), "simulator", false],
	}

	_divertible(facts, over) == want
}

test_the_sentence_says_who_what_and_when if {
	sentence := budgets.sentence(testing.limit) with input as testing.on_hardware({})
	sentence == concat(" ", [
		"project 'chemistry' has 15 EUR left of its monthly budget 'chemistry-month'",
		"(100 EUR, resets 2026-12-01 00:00 UTC), and this job takes up to 1.60 EUR on ibm_lund",
	])
}

test_every_limit_can_be_said[name] if {
	some name, [patch, words] in {
		"the organisation's": [{"level": "organisation"}, "the organisation has 15 EUR left"],
		"a team's": [{"level": "team"}, "team 'research' has"],
		"a person's": [{"level": "principal"}, "principal 'ada' has"],
		"a key's": [{"level": "key"}, "key 'laptop' has"],
		"less than a cent": [{"needed": 1234}, "takes up to 0.001234 EUR on"],
		"cents": [{"needed": 50000}, "takes up to 0.05 EUR on"],
		"euros and cents": [{"needed": 12340000}, "takes up to 12.34 EUR on"],
		"seconds of QPU time": [{"unit": "qpu-milliseconds", "needed": 12000}, "takes up to 12 s of QPU time"],
		"parts of a second": [{"unit": "qpu-milliseconds", "needed": 1001}, "takes up to 1.001 s of QPU time"],
		"seconds of sessions": [{"unit": "session-seconds", "needed": 60}, "takes up to 60 s of session time"],
		"shots": [{"unit": "shots", "needed": 7}, "of its monthly quota 'chemistry-month' (100000000 shots"],
		"what never resets": [{"period": "total", "resets_at": null}, "of its budget 'chemistry-month' (100 EUR, never"],
		"what is under way": [{"unit": "jobs", "period": "open", "resets_at": null}, "free again as jobs end"],
		"what rolls": [{"period": "rolling"}, "of its rolling budget"],
		"without a name": [{"name": null}, "'unknown'"],
	}

	sentence := budgets.sentence(object.union(testing.limit, patch)) with input as testing.on_hardware({})
	contains(sentence, words)
}

_exceeded(limit) if {
	budgets.exceeded(limit)
} else := false

_warned(limit) if {
	budgets.warned(limit)
} else := false

_divertible(facts, over) if {
	budgets.divertible with input as facts with data.org.budgets.over as over
} else := false
