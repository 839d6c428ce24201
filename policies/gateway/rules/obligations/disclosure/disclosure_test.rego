package gateway.rules.obligations.disclosure_test

import data.gateway.rules.obligations.disclosure as rule
import data.gateway.testing

test_allows[name] if {
	some name, table in {
		"no row at all": [],
		"all that can be asked for": [{"when": {}, "strip": ["names"], "relabel_registers": true, "private": true, "add_tags": ["a=b"]}],
	}

	count(rule.deny) == 0 with input as testing.facts with data.org.obligations as {"disclosure": table}
}

test_denies[name] if {
	some name, [table, facts] in {
		"a row that nobody understands": [[{"when": {}, "hide": true}], testing.facts],
		"conditions that are a list": [[{"when": [], "private": true}], testing.facts],
		"no table": [null, testing.facts],
		"a project that is not known": [[], testing.changed({"project": {"name": null}})],
		"a class that is not known": [[], testing.changed({"job": {"classification": null}})],
	}

	count(rule.deny) == 1 with input as facts with data.org.obligations as {"disclosure": table}
}

test_obliges_row_by_row if {
	table := [{"when": {}, "private": true}, {"when": {}, "strip": ["names"]}, {"when": {}, "add_tags": ["a=b"]}]
	found := rule.obligations with input as testing.facts with data.org.obligations as {"disclosure": table}
	{obligation.kind | some obligation in found} == {"force-private", "strip", "add-tags"}
}

test_obliges[name] if {
	some name, [row, want] in {
		"to leave out": [{"when": {}, "strip": ["names"]}, {{"kind": "strip", "parameters": {"of": ["names"]}}}],
		"to rename registers": [{"when": {}, "relabel_registers": true}, {{"kind": "relabel-registers", "parameters": {}}}],
		"to be discreet": [{"when": {}, "private": true}, {{"kind": "force-private", "parameters": {}}}],
		"to tag": [{"when": {}, "add_tags": ["a=b"]}, {{"kind": "add-tags", "parameters": {"tags": ["a=b"]}}}],
		"to nothing that is switched off": [{"when": {}, "private": false, "relabel_registers": false}, set()],
		"to nothing in other projects": [{"when": {"project": ["physics"]}, "private": true}, set()],
		"by its class": [{"when": {"classification": ["internal"]}, "private": true}, {{"kind": "force-private", "parameters": {}}}],
	}

	rule.obligations == want with input as testing.facts with data.org.obligations as {"disclosure": [row]}
}
