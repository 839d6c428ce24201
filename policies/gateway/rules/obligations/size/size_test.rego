package gateway.rules.obligations.size_test

import data.gateway.rules.obligations.size as rule
import data.gateway.testing

test_allows[name] if {
	some name, [table, facts] in {
		"no row at all": [[], _shots(10)],
		"a row that is understood": [[{"when": {"kind": ["simulator"]}, "shots": 5}], _shots(10)],
		"a payload that wire/readable judges": [[], testing.changed({"circuits": null, "wire": {"readable": false}})],
	}

	count(rule.deny) == 0 with input as facts with data.org.obligations as {"size": table}
}

test_denies[name] if {
	some name, [table, facts] in {
		"shots that are unknown": [[], _shots(null)],
		"a table that is none": [{}, _shots(10)],
		"a condition that nobody knows": [[{"when": {"moon": ["full"]}, "shots": 5}], _shots(10)],
		"a condition that is no list": [[{"when": {"kind": "simulator"}, "shots": 5}], _shots(10)],
		"a row without conditions": [[{"shots": 5}], _shots(10)],
		"a row that asks for parts, and for something else": [[{"when": {}, "split_shots": 5, "parts": 2}], _shots(10)],
		"a row that asks for something else": [[{"when": {}, "shot": 5}], _shots(10)],
		"a row that asks for nothing": [[{"when": {}}], _shots(10)],
	}

	count(rule.deny) == 1 with input as facts with data.org.obligations as {"size": table}
}

test_obliges[name] if {
	some name, [row, asked, want] in {
		"one shot too many": [{"when": {}, "shots": 5}, 6, {{"kind": "cap-shots", "parameters": {"shots": 5}}}],
		"just as many": [{"when": {}, "shots": 5}, 5, set()],
		"on this kind of machine": [{"when": {"kind": ["simulator"]}, "shots": 5}, 6, {{"kind": "cap-shots", "parameters": {"shots": 5}}}],
		"on another kind": [{"when": {"kind": ["hardware"]}, "shots": 5}, 6, set()],
		"in parts": [{"when": {}, "split_shots": 5}, 6, {{"kind": "split-shots", "parameters": {"shots": 5}}}],
		"one part has room for all": [{"when": {}, "split_shots": 5}, 5, set()],
		"fewer, and those in parts": [
			{"when": {}, "shots": 9, "split_shots": 5},
			10,
			{{"kind": "cap-shots", "parameters": {"shots": 9}}, {"kind": "split-shots", "parameters": {"shots": 5}}},
		],
		"parts of what is no number": [{"when": {}, "split_shots": "5"}, 6, {{"kind": "split-shots", "parameters": {"shots": "5"}}}],
		"only where every condition holds": [{"when": {"kind": ["simulator"], "team": ["ops"]}, "shots": 5}, 6, set()],
	}

	rule.obligations == want with input as _shots(asked) with data.org.obligations as {"size": [row]}
}

_shots(each) := testing.with_circuit({"shots": each})
