package gateway.rules.data.residency_test

import data.gateway.rules.data.residency as rule
import data.gateway.testing

test_allows[name] if {
	some name, [label, facts] in {
		"anything public": ["public", testing.on_hardware({})],
		"a region that is approved": ["confidential", testing.on_hardware({})],
		"an emulated device": ["restricted", testing.facts],
		"a simulator in place of hardware elsewhere": ["restricted", _diverted],
		"nothing to judge without a place": ["restricted", {}],
	}

	count(rule.deny) == 0 with input as _labelled(label, facts) with data.org.residency as _table
}

test_denies[name] if {
	some name, [label, facts] in {
		"a region that is not approved": ["confidential", testing.on_hardware({"backend": {"region": "us-east"}})],
		"hardware for restricted data": ["restricted", testing.on_hardware({})],
		"a region that is not known": ["public", testing.on_hardware({"backend": {"region": null}})],
		"a label without a row": ["secret", testing.facts],
	}

	count(rule.deny) == 1 with input as _labelled(label, facts) with data.org.residency as _table
}

test_denies_a_place_without_a_region if {
	facts := object.union(testing.facts, {"backend": object.remove(testing.facts.backend, ["region"])})
	count(rule.deny) == 1 with input as json.remove(facts, ["backend/region"])
}

_labelled(label, facts) := object.union(facts, {"job": {"classification": label}})

_diverted := testing.on_hardware({
	"backend": {"online": false, "region": "us-east"},
	"job": {"simulator_consent": true},
})

_table := {
	"public": [{"kind": "*", "vendor": "*", "region": "*"}],
	"confidential": [{"kind": "hardware", "vendor": "*", "region": "eu-*"}],
	"restricted": [{"kind": "simulator", "vendor": "gateway", "region": "local"}],
}
