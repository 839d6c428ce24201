package gateway.rules.data.remembered_test

import data.gateway.rules.data.remembered as rule
import data.gateway.testing

test_allows[name] if {
	some name, job in {
		"circuits nobody has labelled": {},
		"a label that the job declares itself": _job("restricted", "restricted", "restricted", "public"),
		"a label that was raised": _job("internal", "restricted", "restricted", "public"),
		"a job that counts as more than its circuits": _job("restricted", "internal", "restricted", "internal"),
	}

	count(rule.deny) == 0 with input as _facts(job) with data.org.labels.resembling as "warn"
}

test_denies[name] if {
	some name, job in {
		"a job that counts as less than its circuits": _job("internal", "confidential", "internal", "public"),
		"labels that could not be looked up": {"remembered_classification": null},
		"a label that nobody knows": {"remembered_classification": "secret"},
		"a job whose own label nobody knows": {"declared_classification": null},
		"a resemblance that could not be looked up": {"resembled_classification": null},
	}

	count(rule.deny) == 1 with input as _facts(job) with data.org.labels.resembling as "warn"
}

test_says_so_when_a_label_was_raised if {
	facts := _facts(_job("internal", "restricted", "restricted", "public"))
	some said in rule.warn with input as facts
	contains(said.message, "labelled restricted before")
}

test_says_nothing_where_nothing_was_raised if {
	count(rule.warn) == 0 with input as _facts(_job("restricted", "restricted", "restricted", "public"))
}

test_resembling[mode] if {
	some mode, [denials, warnings] in {"ignore": [0, 0], "warn": [0, 1], "deny": [1, 0], "anything else": [1, 0]}
	facts := _facts(_job("internal", "public", "internal", "restricted"))

	count(rule.deny) == denials with input as facts with data.org.labels.resembling as mode
	count(rule.warn) == warnings with input as facts with data.org.labels.resembling as mode
}

test_facts_of_before_say_nothing_of_the_past if {
	older := object.remove(testing.facts.job, {
		"declared_classification", "remembered_classification",
		"remembered_since", "resembled_classification",
	})
	facts := object.union(object.remove(testing.facts, ["job"]), {"job": older})
	count(rule.deny) == 0 with input as facts
	count(rule.warn) == 0 with input as facts
}

_facts(job) := object.union(testing.facts, {"job": job})

_job(declared, remembered, counted, resembled) := {
	"declared_classification": declared,
	"remembered_classification": remembered,
	"remembered_since": "2026-10-01T09:00:00.000000Z",
	"classification": counted,
	"resembled_classification": resembled,
}
