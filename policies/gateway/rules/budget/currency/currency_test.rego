package gateway.rules.budget.currency_test

import data.gateway.rules.budget.currency as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"no budget at all": testing.on_hardware({}),
		"the same currency": testing.counted({}),
		"a free job": testing.counted({"currency": "USD", "needed": 0}),
		"a quota, which has none": testing.counted({"unit": "shots", "currency": ""}),
	}

	count(rule.deny) == 0 with input as facts
	count(rule.divert) == 0 with input as facts
}

test_denies[name] if {
	some name, facts in {
		"another currency": testing.counted({"currency": "USD"}),
		"a price in no known currency": object.union(testing.counted({}), {"quote": {"currency": null}}),
	}

	count(rule.deny) == 1 with input as facts with data.org.budgets.over as "refuse"
	count(rule.divert) == 1 with input as facts with data.org.budgets.over as "simulator"
	count(rule.deny) == 0 with input as facts with data.org.budgets.over as "simulator"
}
