package gateway.placement_test

import data.gateway.placement
import data.gateway.testing

test_hardware_that_is_up_runs_the_job if {
	placement.place == {"kind": "requested", "reason": ""} with input as testing.on_hardware({})
}

test_an_emulated_device_says_what_it_is if {
	place := placement.place with input as testing.facts
	place.kind == "simulator"
	place.reason == "sim_line_5 is an emulated device: a simulator computes the result"
}

test_consent[name] if {
	some name, [tag, key, project, want] in {
		"the tag allows": [true, false, false, true],
		"the tag denies": [false, true, true, false],
		"the key allows": [null, true, false, true],
		"the key denies": [null, false, true, false],
		"the project allows": [null, null, true, true],
		"the project denies": [null, null, false, false],
	}

	facts := _down(tag, key, project)
	count(placement.refusals) == 0 == want with input as facts
	_falls_back(facts) == want
}

test_a_simulated_backend_that_is_gone_may_be_replaced if {
	facts := testing.changed({"backend": {"known": false, "kind": null}})
	placement.place.kind == "simulator" with input as facts
}

test_the_reason_names_every_diversion if {
	facts := object.union(_down(true, null, false), {"quote": {"amount_micros": null}})
	place := placement.place with input as facts
	place.reason == concat("; ", [
		"ibm_lund takes no work now",
		"this job has no price on ibm_lund",
		"a simulator takes its place, with consent",
	])
}

test_a_refusal_tells_how_to_consent if {
	some refusal in placement.refusals with input as _down(null, null, false)
	endswith(refusal.remedy, "or allow a simulator for this job with the tag qgw:simulator=allow")
}

test_no_simulator_no_fallback if {
	facts := object.union(_down(true, true, true), {"simulator": {"enabled": false}})
	some refusal in placement.refusals with input as facts
	endswith(refusal.remedy, "or ask the operator for a simulator that can run it")
}

test_a_simulator_against_the_jobs_own_tag_is_refused if {
	facts := testing.changed({"job": {"simulator_consent": false}})
	some refusal in placement.refusals with input as facts
	refusal.rule == "backend/simulator-consent"
}

_down(tag, key, project) := testing.on_hardware({
	"backend": {"online": false},
	"job": {"simulator_consent": tag},
	"key": {"simulator_consent": key},
	"project": {"simulator_consent": project},
})

_falls_back(facts) if {
	placement.place.kind == "simulator" with input as facts
} else := false

test_other_hardware_only_where_the_order_says_so[name] if {
	some name, [order, want] in {
		"the step is in the order": [["requested", "vendor", "simulator"], 0],
		"the step is not in the order": [["requested", "simulator"], 1],
		"there is no order": [null, 1],
	}

	facts := testing.on_hardware({"backend": {"step": "vendor"}})
	count(placement.refusals) == want with input as facts with data.org.placement.order as order
}

test_no_simulator_where_the_order_has_none if {
	facts := _down(true, true, true)
	count(placement.refusals) == 1 with input as facts with data.org.placement.order as ["requested", "vendor"]
}

test_over_budget_a_simulator_takes_the_place_with_consent if {
	facts := testing.counted({"allowed": 0})
	some refusal in placement.refusals with input as facts with data.org.budgets.over as "simulator"
	refusal.rule == "budget/money"
	place := placement.place with input as testing.consenting(facts) with data.org.budgets.over as "simulator"
	place.kind == "simulator"
	contains(place.reason, "'chemistry-month'")
}

test_a_lifted_diversion_is_a_warning_and_the_job_stays if {
	facts := testing.on_hardware({"backend": {"online": false}})
	levels := {"backend/online": {"level": "advisory"}}
	placement.place.kind == "requested" with input as facts with data.org.enforcement.levels as levels
	[finding.rule | some finding in placement.lifted] == ["backend/online"] with input as facts with data.org.enforcement.levels as levels
}

test_a_soft_diversion_says_who_can_override_it if {
	refusals := placement.refusals with input as testing.on_hardware({"backend": {"online": false}})
		with data.org.enforcement.levels as {"backend/online": {"level": "soft"}}
	[contains(finding.remedy, "for an override of backend/online") | some finding in refusals] == [true]
}

test_a_diversion_in_other_words_diverts if {
	facts := testing.on_hardware({})
	not placement.place with input as facts with data.gateway.rules.backend.online.divert as {"off"}
}
