package gateway.enforcement_test

import data.gateway.enforcement
import data.gateway.testing

test_without_a_row_a_rule_stands if {
	_why({}) == "" with data.org.enforcement as _table({})
	_why({"break_glass": _glass}) == "" with data.org.enforcement as {}
	enforcement.denial(_finding) == _finding with data.org.enforcement as _table({})
}

test_lifts[name] if {
	some name, [levels, patch, why] in {
		"an advisory rule": [{"circuits/depth": {"level": "advisory"}}, {}, "data.org"],
		"an advisory area": [{"circuits": {"level": "advisory"}}, {}, "data.org"],
		"a soft rule with an override": [{"circuits": {"level": "soft"}}, {"overrides": [_override("circuits/depth", "o-1")]}, "override o-1 until 2026"],
		"two overrides": [
			{"circuits": {"level": "soft"}},
			{"overrides": [_override("circuits/depth", "o-2"), _override("circuits/depth", "o-1")]},
			"override o-1",
		],
		"a project that the rollout has not reached": [{"circuits/depth": {"rollout_percent": 20}}, {"cohort": 20}, "20 percent"],
		"a soft rule that has not reached the project": [{"circuits": {"level": "soft", "rollout_percent": 0}}, {}, "0 percent"],
		"a stopped rollout": [{"circuits/depth": {"rollout_percent": 100}}, {"stopped": ["circuits/depth"]}, "stopped"],
		"a broken glass": [{}, {"break_glass": _glass}, "break-glass g-1 until 2026"],
		"a broken glass over a soft rule": [{"circuits": {"level": "soft"}}, {"break_glass": _glass}, "break-glass g-1"],
	}

	contains(_why(patch), why) with data.org.enforcement as _table(levels)
}

test_stands[name] if {
	some name, [levels, patch] in {
		"a hard rule": [{"circuits/depth": {"level": "hard"}}, {}],
		"a soft rule": [{"circuits/depth": {"level": "soft"}}, {}],
		"an override of another rule": [{"circuits": {"level": "soft"}}, {"overrides": [_override("circuits/qubits", "o-1")]}],
		"an override of a hard rule": [{}, {"overrides": [_override("circuits/depth", "o-1")]}],
		"an override of half a shape": [{"circuits": {"level": "soft"}}, {"overrides": [{"rule": "circuits/depth"}]}],
		"a rule whose own row is harder than its area's": [
			{"circuits": {"level": "advisory"}, "circuits/depth": {"level": "hard"}},
			{},
		],
		"a project that the rollout has reached": [{"circuits/depth": {"rollout_percent": 20}}, {"cohort": 19}],
		"a stop of a rule that is not rolled out": [{}, {"stopped": ["circuits/depth"]}],
		"a stop of another rule": [{"circuits/depth": {"rollout_percent": 100}}, {"stopped": ["circuits/qubits"]}],
		"a cohort that is not known": [{"circuits/depth": {"rollout_percent": 0}}, {"cohort": null}],
		"a cohort that is no number": [{"circuits/depth": {"rollout_percent": 20}}, {"cohort": "all"}],
		"overrides that are no list": [
			{"circuits/depth": {"level": "soft"}},
			{"overrides": {"first": _override("circuits/depth", "o-1")}},
		],
		"stops that are no list": [{"circuits/depth": {"rollout_percent": 100}}, {"stopped": {"first": "circuits/depth"}}],
		"a share of more than all": [{"circuits/depth": {"rollout_percent": 101}}, {"stopped": ["circuits/depth"]}],
		"overrides that are not known": [{"circuits/depth": {"level": "soft"}}, {"overrides": null}],
		"stops that are not known": [{"circuits/depth": {"rollout_percent": 100}}, {"stopped": null}],
		"a level that nobody knows": [{"circuits/depth": {"level": "off", "rollout_percent": 0}}, {}],
		"a share that is none": [{"circuits/depth": {"rollout_percent": "none"}}, {}],
		"a share beyond all": [{"circuits/depth": {"rollout_percent": -1}}, {}],
		"facts that demand every rule": [{"circuits": {"level": "advisory"}}, {"strict": true}],
		"a row that is none": [{"circuits/depth": "advisory"}, {}],
		"a glass that does not say until when": [{}, {"break_glass": {"id": "g-1"}}],
	}

	_why(patch) == "" with data.org.enforcement as _table(levels)
}

test_facts_from_before_lift_nothing if {
	facts := object.remove(testing.facts, ["enforcement"])
	levels := {"circuits/depth": {"level": "soft", "rollout_percent": 0}}
	why := enforcement.lifted("circuits", "depth", _finding) with input as facts with data.org.enforcement as _table(levels)
	why == ""
}

test_facts_that_know_nothing_of_levels_lift_nothing if {
	facts := object.union(testing.facts, {"enforcement": null})
	why := enforcement.lifted("circuits", "depth", _finding) with input as facts with data.org.enforcement as _table({})
	why == ""
}

test_nobody_is_sent_to_override_what_cannot_be_lowered if {
	finding := object.union(_finding, {"rule": "wire/readable"})
	enforcement.denial(finding) == finding with data.org.enforcement as _table({"wire": {"level": "soft"}})
}

test_a_broken_glass_does_not_claim_what_it_cannot_lift if {
	said := enforcement.warn with input as _facts({"break_glass": _glass})
		with data.org.enforcement as {"break_glass": ["circuits/depth", "wire/readable"], "levels": {}}
	[contains(finding.message, "wire/readable") | some finding in said] == [false]
}

test_stands_whatever_the_table_says[rule] if {
	some rule, _ in {
		"access/principal-enabled": 1,
		"access/role-may-submit": 1,
		"backend/known": 1,
		"budget/known": 1,
		"budget/money": 1,
		"engine/error": 1,
		"facts/complete": 1,
		"main/required-rules": 1,
		"simulator/feasible": 1,
		"wire/readable": 1,
	}

	[area, name] := split(rule, "/")
	table := {"levels": {rule: {"level": "advisory"}, area: {"level": "advisory"}}, "break_glass": [rule]}
	why := enforcement.lifted(area, replace(name, "-", "_"), {"rule": rule, "message": "m", "remedy": ""})
		with input as _facts({"break_glass": _glass, "overrides": [_override(rule, "o-1")]})
		with data.org.enforcement as table
	why == ""
}

test_what_is_not_lifted_by_its_own_name_stands[name] if {
	some name, said in {
		"in another's name": {"rule": "circuits/qubits", "message": "m", "remedy": ""},
		"in other words": "too deep",
	}

	why := enforcement.lifted("circuits", "depth", said) with data.org.enforcement as _table({"circuits": {"level": "advisory"}})
	why == ""
}

test_a_soft_denial_says_who_can_override_it[name] if {
	some name, [remedy, roles, wanted] in {
		"one role": ["stop", {"keeper": ["policy.override"], "scientist": []}, "stop, or ask somebody with the role keeper for an override of circuits/depth"],
		"two roles": ["", {"b": ["policy.override"], "a": ["policy.override"]}, "ask somebody with the role a or b for an override of circuits/depth"],
		"nobody": ["", {"scientist": ["job.submit"]}, "ask the operator of the gateway for an override of circuits/depth"],
	}

	denied := enforcement.denial(object.union(_finding, {"remedy": remedy}))
		with data.org.enforcement as _table({"circuits": {"level": "soft"}})
		with data.org.roles as {role: {"permissions": permissions} | some role, permissions in roles}
	denied.remedy == wanted
}

test_a_warning_says_why if {
	enforcement.warning(_finding, "because") == object.union(_finding, {"message": "m; because"})
}

test_every_decision_tells_of_a_broken_glass if {
	said := enforcement.warn with input as _facts({"break_glass": _glass}) with data.org.enforcement as _table({})
	[[finding.rule, contains(finding.message, "circuits/depth")] | some finding in said] == [["main/break-glass", true]]
	count(enforcement.warn) == 0 with input as _facts({})
	count(enforcement.warn) == 0 with input as object.remove(testing.facts, ["enforcement"])
}

_why(patch) := why if {
	why := enforcement.lifted("circuits", "depth", _finding) with input as _facts(patch)
}

_table(levels) := {"break_glass": ["circuits/depth"], "levels": levels}

_facts(patch) := testing.changed({"enforcement": patch})

_finding := {"rule": "circuits/depth", "message": "m", "remedy": ""}

_override(rule, id) := {"id": id, "rule": rule, "until": "2026-11-02T00:00:00.000000Z"}

_glass := {"id": "g-1", "until": "2026-11-02T00:00:00.000000Z"}
