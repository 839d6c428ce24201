package gateway.rules.obligations.run_test

import data.gateway.rules.obligations.run as rule
import data.gateway.testing

test_allows[name] if {
	some name, table in {
		"no row at all": [],
		"all that can be asked for": [{
			"when": {"workload": ["experimental"]},
			"backends": ["ibm_one"],
			"calibration_seconds": 60,
			"execution_seconds": 60,
			"regions": ["eu-de"],
			"session_seconds": 60,
		}],
	}

	count(rule.deny) == 0 with input as testing.facts with data.org.obligations as {"run": table}
}

test_denies[name] if {
	some name, [table, facts] in {
		"a row that nobody understands": [[{"when": {}, "seconds": 60}], testing.facts],
		"a table that is none": ["none", testing.facts],
		"a team that is not known": [[], testing.changed({"project": {"team": null}})],
		"a region that is not known": [[], testing.on_hardware({"backend": {"region": null}})],
	}

	count(rule.deny) == 1 with input as facts with data.org.obligations as {"run": table}
}

test_obliges_row_by_row if {
	table := [{"when": {}, "regions": ["eu-de"]}, {"when": {}, "execution_seconds": 60}]
	found := rule.obligations with input as testing.facts with data.org.obligations as {"run": table}
	{obligation.kind | some obligation in found} == {"pin-region", "limit-execution"}
}

test_obliges[name] if {
	some name, [row, want] in {
		"to stop in time": [{"when": {}, "execution_seconds": 60}, {{"kind": "limit-execution", "parameters": {"seconds": 60}}}],
		"to close in time": [{"when": {}, "session_seconds": 60}, {{"kind": "limit-session", "parameters": {"seconds": 60}}}],
		"to stay": [{"when": {}, "regions": ["eu-de"]}, {{"kind": "pin-region", "parameters": {"regions": ["eu-de"]}}}],
		"to be fresh": [{"when": {}, "calibration_seconds": 60}, {{"kind": "require-calibration", "parameters": {"max_age_seconds": 60}}}],
		"to go elsewhere": [{"when": {}, "backends": ["ibm_one"]}, {{"kind": "place-elsewhere", "parameters": {"backends": ["ibm_one"]}}}],
		"to nothing on other backends": [{"when": {"backend": ["ibm_one"]}, "execution_seconds": 60}, set()],
	}

	rule.obligations == want with input as testing.facts with data.org.obligations as {"run": [row]}
}
