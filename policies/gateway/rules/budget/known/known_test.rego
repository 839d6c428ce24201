package gateway.rules.budget.known_test

import data.gateway.rules.budget.known as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"no budget at all": testing.facts,
		"a budget": testing.counted({}),
		"a budget without an end": testing.counted({"resets_at": null}),
		"hardware without a price, which is another rule's": object.union(
			testing.counted({"needed": null}),
			{"quote": {"amount_micros": null}},
		),
	}

	count(rule.deny) == 0 with input as facts
}

test_denies[name] if {
	some name, facts in {
		"limits that could not be read": testing.changed({"budget": {"limits": null}}),
		"what is allowed is unknown": testing.counted({"allowed": null}),
		"what is held is unknown": testing.counted({"held": null}),
		"what is settled is unknown": testing.counted({"settled": null}),
		"what a priced job takes is unknown": testing.counted({"needed": null}),
		"what an unpriced job takes of a quota is unknown": object.union(
			testing.counted({"unit": "shots", "needed": null}),
			{"quote": {"amount_micros": null}},
		),
		"a figure that is no number": testing.counted({"held": "5"}),
	}

	count(rule.deny) == 1 with input as facts
}
