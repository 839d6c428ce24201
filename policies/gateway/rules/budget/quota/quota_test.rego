package gateway.rules.budget.quota_test

import data.gateway.rules.budget.quota as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"no quota at all": testing.facts,
		"exactly what is left": _counted({"needed": 15}),
		"nothing of a quota that is used up": _counted({"allowed": 0, "needed": 0}),
		"money that is spent, which is another rule's": testing.counted({"allowed": 0}),
	}

	count(rule.deny) == 0 with input as facts
	count(rule.divert) == 0 with input as facts
	count(rule.warn) == 0 with input as facts
}

test_denies[name] if {
	some name, patch in {
		"one shot too many": {"needed": 16},
		"one job too many at once": {"unit": "jobs", "period": "open", "allowed": 3, "held": 3, "settled": 0, "needed": 1},
		"one circuit too many": {"unit": "circuits", "needed": 16},
	}

	count(rule.deny) == 1 with input as _counted(patch) with data.org.budgets.over as "simulator"
	count(rule.divert) == 0 with input as _counted(patch) with data.org.budgets.over as "simulator"
}

test_diverts_what_only_hardware_takes[name] if {
	some name, patch in {
		"QPU time": {"unit": "qpu-milliseconds", "needed": 16},
		"shots at one vendor": {"upstream": "ibm", "needed": 16},
	}

	count(rule.divert) == 1 with input as _counted(patch) with data.org.budgets.over as "simulator"
	count(rule.deny) == 0 with input as _counted(patch) with data.org.budgets.over as "simulator"
	count(rule.deny) == 1 with input as _counted(patch) with data.org.budgets.over as "refuse"
	count(rule.divert) == 0 with input as _counted(patch) with data.org.budgets.over as "refuse"
}

test_warns_past_a_soft_limit if {
	count(rule.warn) == 1 with input as _counted({"soft": 80, "needed": 1})
}

_counted(patch) := testing.counted(object.union(
	{"unit": "shots", "currency": "", "allowed": 100, "held": 5, "settled": 80, "needed": 1},
	patch,
))
