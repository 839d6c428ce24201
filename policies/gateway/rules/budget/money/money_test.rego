package gateway.rules.budget.money_test

import data.gateway.rules.budget.money as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"no budget at all": testing.on_hardware({}),
		"exactly what is left": testing.counted({"allowed": 86600000}),
		"a free job of a spent project": testing.counted({"allowed": 0, "needed": 0}),
		"a quota that is used up, which is another rule's": testing.counted({"unit": "shots", "currency": "", "allowed": 0}),
	}

	count(rule.deny) == 0 with input as facts
	count(rule.divert) == 0 with input as facts
	count(rule.warn) == 0 with input as facts
}

test_denies[name] if {
	some name, facts in {
		"one micro over": testing.counted({"allowed": 86599999}),
		"more billed than was ever held": testing.counted({"settled": 200000000}),
		"a simulator that costs something": testing.changed({"budget": {"limits": [object.union(testing.limit, {"allowed": 0})]}}),
		"one of two budgets": testing.on_hardware({"budget": {"limits": [testing.limit, _spent]}}),
	}

	count(rule.deny) == 1 with input as facts with data.org.budgets.over as "refuse"
	count(rule.divert) == 0 with input as facts with data.org.budgets.over as "refuse"
}

test_denies_where_the_table_says_nothing if {
	count(rule.deny) == 1 with input as testing.counted({"allowed": 0}) with data.org.budgets as {}
}

test_diverts_hardware_where_a_simulator_may_take_its_place if {
	facts := testing.counted({"allowed": 0})
	some diversion in rule.divert with input as facts with data.org.budgets.over as "simulator"
	startswith(diversion.message, "project 'chemistry' has 0 EUR left")
	count(rule.deny) == 0 with input as facts with data.org.budgets.over as "simulator"
}

test_warns_past_a_soft_limit if {
	count(rule.warn) == 1 with input as testing.counted({"soft": 80000000})
}

_spent := object.union(testing.limit, {"name": "chemistry-year", "allowed": 85000000})
