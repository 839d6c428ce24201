package gateway.main_test

import data.gateway.main
import data.gateway.testing

test_nothing_known_is_denied if {
	decision := main.decision with input as {}
	decision.allow == false
	count(decision.deny) > 0
	decision.placement == null
}

test_an_ordinary_job_goes if {
	decision := main.decision with input as testing.facts
	decision.allow == true
	decision.deny == []
	decision.placement.kind == "simulator"
}

test_a_denial_of_any_rule_denies if {
	decision := main.decision with input as testing.changed({"principal": {"disabled": true}})
	decision.allow == false
	[finding.rule | some finding in decision.deny] == ["access/principal-enabled"]
	decision.placement == null
}

test_a_refused_place_denies if {
	decision := main.decision with input as testing.on_hardware({"backend": {"online": false}})
	decision.allow == false
	[finding.rule | some finding in decision.deny] == ["backend/online"]
}

test_a_warning_does_not_deny if {
	decision := main.decision with input as testing.changed({"wire": {"unknown_fields": ["/x"]}})
	decision.allow == true
	[finding.rule | some finding in decision.warn] == ["wire/unknown-fields"]
}

test_no_place_and_no_reason_is_a_denial if {
	decision := main.decision with input as testing.on_hardware({"backend": {"kind": "abacus"}})
	decision.allow == false
	[finding.rule | some finding in decision.deny] == ["main/placement"]
}

test_an_absent_rule_denies if {
	decision := main.decision with input as testing.facts with data.gateway.rules.circuits.depth as {}
	[finding.rule | some finding in decision.deny] == ["main/required-rules"]
}

test_no_rules_at_all_deny if {
	decision := main.decision with input as testing.on_hardware({}) with data.gateway.rules as {}
	decision.allow == false
}

test_a_denial_in_other_words_denies if {
	decision := main.decision with input as testing.facts with data.gateway.rules.circuits.depth.deny as {"too deep"}
	[finding.rule | some finding in decision.deny] == ["main/well-formed"]
}

test_obligations_are_passed_on if {
	obligation := {"kind": "limit-execution", "parameters": {"seconds": 60}}
	decision := main.decision with input as testing.facts
		with data.gateway.rules.circuits.depth.obligations as {obligation}
	obligation in decision.obligations
}

test_what_an_advisory_rule_would_deny_is_a_warning if {
	decision := main.decision with input as testing.with_circuit({"depth": 1000000000})
		with data.org.enforcement.levels as {"circuits/depth": {"level": "advisory"}}
	decision.allow == true
	[finding.rule | some finding in decision.warn] == ["circuits/depth"]
}

test_a_broken_glass_is_told_of if {
	glass := {"id": "g-1", "until": "2026-11-02T00:00:00.000000Z"}
	decision := main.decision with input as testing.changed({"enforcement": {"break_glass": glass}})
	decision.allow == true
	[finding.rule | some finding in decision.warn] == ["main/break-glass"]
}
