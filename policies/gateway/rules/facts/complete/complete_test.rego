package gateway.rules.facts.complete_test

import data.gateway.rules.facts.complete as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"complete facts": testing.facts,
		"hardware": testing.on_hardware({}),
		"facts of before": json.remove(testing.facts, [
			"approval", "dlp", "enforcement", "job/declared_classification", "job/remembered_classification",
			"job/remembered_since", "job/resembled_classification", "circuits/0/fingerprint", "circuits/0/skeleton",
		]),
		"a budget": testing.counted({"needed": null, "resets_at": null}),
		"circuits that could not be read": testing.changed({"circuits": null, "wire": {"readable": false}}),
	}

	count(rule.deny) == 0 with input as facts
}

test_denies[name] if {
	some name, facts in {
		"another schema": testing.changed({"schema": "qgw.facts/2"}),
		"a missing fact": testing.without("job/private"),
		"a missing fact that may be null": testing.without("quote/currency"),
		"a null that must be known": testing.changed({"wire": {"readable": null}}),
		"a backend that is known without its kind": testing.changed({"backend": {"kind": null}}),
		"missing circuits": testing.without("circuits"),
		"circuits unknown without a reason": testing.changed({"circuits": null}),
		"a missing fact that was added later": testing.without("job/remembered_since"),
		"a missing fact of a noun that was added later": testing.without("dlp/rules"),
		"a missing fact of a limit": testing.on_hardware({"budget": {"limits": [object.remove(testing.limit, ["soft"])]}}),
		"a null of a limit that must be known": testing.counted({"unit": null}),
		"a missing fact of a circuit": testing.changed({"circuits": [object.remove(testing.circuit, ["shots"])]}),
	}

	count(rule.deny) == 1 with input as facts
}

test_denies_everything_about_nothing if count(rule.deny) > 70 with input as {}
