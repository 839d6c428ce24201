package gateway.rules.circuits.shots_test

import data.gateway.rules.circuits.shots as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"just the limits": _shots(2000, 5000),
		"one shot": _shots(1, 1),
		"a payload that wire/readable judges": testing.changed({"circuits": null, "job": {"total_shots": null}, "wire": {"readable": false}}),
	}

	count(rule.deny) == 0 with input as facts with data.org.limits as testing.limits
}

test_denies[name] if {
	some name, facts in {
		"one over for a circuit": _shots(2001, 5000),
		"one over in all": _shots(2000, 5001),
		"no shots": _shots(0, 0),
		"shots of a circuit unknown": _shots(null, 1),
		"shots in all unknown": _shots(1, null),
	}

	count(rule.deny) == 1 with input as facts with data.org.limits as testing.limits
}

_shots(each, total) := object.union(testing.with_circuit({"shots": each}), {"job": {"total_shots": total}})
