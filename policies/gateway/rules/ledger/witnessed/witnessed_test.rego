package gateway.rules.ledger.witnessed_test

import data.gateway.rules.ledger.witnessed as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"experiments need none": testing.changed({"ledger": {"witnesses": []}}),
		"experiments ask for nothing": testing.changed({"ledger": {"required": null, "refused": null, "witnesses": null}}),
		"production where the settings demand none": _production({"required": 0, "witnesses": null}),
		"as many as the settings demand, just in time": _production({"witnesses": [_saw("a", 3600), _saw("b", 0)]}),
		"restricted work with enough": _restricted([_saw("a", 0), _saw("b", 9), _saw("c", 3600)]),
	}

	count(rule.deny) == 0 with input as facts with data.org.witnesses as _table
}

test_denies[name] if {
	some name, facts in {
		"one of two came too late": _production({"witnesses": [_saw("a", 3601), _saw("b", 0)]}),
		"nobody ever saw it": _production({"witnesses": []}),
		"one witness counts once": _production({"witnesses": [_saw("a", 1), _saw("a", 2)]}),
		"an age is unknown": _production({"witnesses": [_saw("a", null), _saw("b", 0)]}),
		"the larger number counts": _restricted([_saw("a", 0), _saw("b", 0)]),
		"witnesses unknown": _production({"witnesses": null}),
		"what the settings demand is unknown": _production({"required": null}),
		"nothing is signed any more": _production({"refused": true}),
		"whether it is signed is unknown": _production({"refused": null}),
		"a class without a row": testing.changed({"job": {"workload_class": "medical"}}),
		"a classification without a row": testing.changed({"job": {"classification": "secret"}}),
	}

	count(rule.deny) >= 1 with input as facts with data.org.witnesses as _table
}

test_denies_where_the_table_is_missing if {
	count(rule.deny) == 1 with input as _production({}) with data.org.witnesses as {}
	count(rule.deny) == 1 with input as _production({}) with data.org.witnesses as object.remove(_table, ["age_seconds"])
}

_production(patch) := testing.changed({"job": {"workload_class": "production"}, "ledger": object.union(_seen, patch)})

_restricted(witnesses) := testing.changed({
	"job": {"classification": "restricted"},
	"ledger": object.union(_seen, {"witnesses": witnesses}),
})

_seen := {"required": 2, "refused": false, "witnesses": [_saw("a", 0), _saw("b", 0)]}

_saw(name, age) := {"name": name, "size": 900, "behind": 100, "age_seconds": age}

_table := {
	"age_seconds": 3600,
	"classification": {"public": 0, "internal": 0, "confidential": 0, "restricted": 3},
	"workload_class": {"experimental": 0, "production": "settings"},
}
