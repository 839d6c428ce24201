package gateway.rules.provenance.complete_test

import data.gateway.rules.provenance.complete as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"everything known": _production({}),
		"an experiment that says nothing": _experiment({"known": []}),
		"production without what it may lack": _production({"known": _without("software.compiler")}),
		"more known than is expected": _production({"known": array.concat(testing.known_provenance, ["jobs.parents"])}),
	}

	count(rule.deny) == 0 with input as facts with data.org.provenance as _table
}

test_denies[name] if {
	some name, facts in {
		"no revision of the code": _production({"known": _without("code.revision")}),
		"nothing known": _production({"known": []}),
		"what is known is unknown": _production({"known": null}),
		"what is known is no list": _production({"known": "code.revision"}),
		"only the summary says that it is complete": _production({"known": [], "complete": true, "missing": []}),
		"a class without a row": testing.changed({"job": {"workload_class": "medical"}, "provenance": {"known": []}}),
	}

	count(rule.deny) == 1 with input as facts with data.org.provenance as _table
}

test_denies_where_the_table_is_missing if {
	count(rule.deny) == 1 with input as _experiment({"known": []}) with data.org.provenance as {}
}

test_tells_which_tags_help if {
	some denial in rule.deny with input as _production({"known": _without("data.datasets")}) with data.org.provenance as _table
	contains(denial.message, "data.datasets")
	contains(denial.remedy, "qgw:dataset=none")
}

test_tells_where_no_tag_helps if {
	some denial in rule.deny with input as _production({"known": _without("shots")}) with data.org.provenance as _table
	startswith(denial.remedy, "see why the job could not be measured")
}

_production(patch) := testing.changed({"job": {"workload_class": "production"}, "provenance": patch})

_experiment(patch) := testing.changed({"provenance": patch})

_without(field) := [name | some name in testing.known_provenance; name != field]

_table := {"may_lack": {"experimental": ["*"], "production": ["software.compiler"]}}
