package gateway.rules.data.leaks_test

import data.gateway.rules.data.leaks as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"nothing found": _found([]),
		"facts of a gateway that did not look": testing.without("dlp"),
		"a rule that warns": _found([_in("mail", "tags")]),
		"a rule that raises the label": _found([_in("mark", "name")]),
		"what can be left out": _found([_in("note", "circuit-metadata")]),
		"a rule that the table has no more": testing.changed({"dlp": {
			"rules": array.concat(_sought, ["gone"]),
			"findings": [_in("gone", "tags")],
		}}),
		"what could not be read": testing.changed({"wire": {"readable": false}, "dlp": _unknown}),
	}

	count(rule.deny) == 0 with input as facts with data.org.dlp as _table
}

test_denies[name] if {
	some name, facts in {
		"a rule that denies": _found([_in("key", "tags")]),
		"one finding of two": _found([_in("mail", "tags"), _in("key", "comments")]),
		"what cannot be left out": _found([_in("note", "comments")]),
		"a finding of a rule that nobody knows": _found([_in("other", "tags")]),
		"a rule without an action": _found([_in("odd", "tags")]),
		"texts that nobody looked through": testing.changed({"dlp": _unknown}),
		"more texts than anybody reads": testing.changed({"dlp": {"rules": _sought, "complete": false}}),
		"no list of what was looked for": testing.changed({"dlp": {"rules": null}}),
		"findings that are no list": testing.changed({"dlp": {"rules": _sought, "findings": {}}}),
		"a finding without a rule": _found([{"rule": null, "place": "tags", "circuit": null, "count": 1}]),
		"a finding that says more": _found([object.union(_in("mail", "tags"), {"text": "x"})]),
		"no facts of it": testing.changed({"dlp": null}),
	}

	count(rule.deny) == 1 with input as facts with data.org.dlp as _table
}

test_denies_where_the_table_is_missing if {
	count(rule.deny) == 1 with input as _found([_in("key", "tags")]) with data.org.dlp as {}
}

test_tells_where_and_never_what if {
	findings := [_in("key", "tags"), {"rule": "key", "place": "circuit-metadata", "circuit": 2, "count": 1}]
	some denial in rule.deny with input as _found(findings) with data.org.dlp as _table
	denial.message == "a key was found in metadata of circuit 2, tags"
}

test_warns[name] if {
	some name, [facts, message] in {
		"of what it found": [_found([_in("mail", "tags")]), "an address was found in tags"],
		"of a raised label": [_found([_in("mark", "name")]), "a mark was found in name; the job counts as restricted"],
		"of what is left out": [_found([_in("note", "tags")]), "a note was found in tags, and is left out"],
		"of what nobody looked for": [
			testing.changed({"dlp": {"rules": ["key", "mail", "mark", "note"]}}),
			"nobody has looked for what the rule odd is about",
		],
	}

	some warning in rule.warn with input as facts with data.org.dlp as _table
	warning.message == message
}

test_says_nothing_of_a_raised_label_that_is_missing if {
	table := json.remove(_table, ["rules/mark/label"])
	count(rule.warn) == 1 with input as _found([_in("mark", "name")]) with data.org.dlp as table
}

test_leaves_out_what_was_found if {
	facts := _found([_in("note", "circuit-metadata"), _in("note", "tags"), _in("mail", "name")])
	wanted := {{"kind": "strip", "parameters": {"of": ["metadata", "tags"]}}}
	rule.obligations == wanted with input as facts with data.org.dlp as _table
}

test_obliges_to_nothing_where_nothing_was_found if {
	count(rule.obligations) == 0 with input as _found([]) with data.org.dlp as _table
}

_found(findings) := testing.changed({"dlp": {"rules": _sought, "findings": findings}})

_in(id, place) := {"rule": id, "place": place, "circuit": null, "count": 1}

_sought := ["key", "mail", "mark", "note", "odd"]

_unknown := {"rules": null, "findings": null, "complete": null}

_table := {"rules": {
	"key": {"says": "a key", "action": "deny"},
	"mail": {"says": "an address", "action": "warn"},
	"mark": {"says": "a mark", "action": "raise", "label": "restricted"},
	"note": {"says": "a note", "action": "strip"},
	"odd": {"says": "an oddity"},
}}
