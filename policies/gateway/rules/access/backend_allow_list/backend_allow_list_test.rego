package gateway.rules.access.backend_allow_list_test

import data.gateway.rules.access.backend_allow_list as rule
import data.gateway.testing

test_allows[name] if {
	some name, patterns in {
		"no list of its own": null,
		"the name itself": ["ibm_lund"],
		"a pattern": ["other", "ibm_*"],
	}

	facts := testing.on_hardware({"project": {"backends": patterns}})
	count(rule.deny) == 0 with input as facts with data.org.roles as _table
}

test_allows_what_role_may_submit_judges if {
	facts := testing.on_hardware({"key": {"roles": ["reader"]}})
	count(rule.deny) == 0 with input as facts with data.org.roles as _table
}

test_denies[name] if {
	some name, patch in {
		"another name": {"project": {"backends": ["ibm_oslo"]}},
		"an empty list": {"project": {"backends": []}},
		"a list of the wrong type": {"project": {"backends": "ibm_lund"}},
		"a role that may not use it": {"key": {"roles": ["emulators"]}},
		"a backend that is no text": {"backend": {"asked": null}},
	}

	count(rule.deny) > 0 with input as testing.on_hardware(patch) with data.org.roles as _table
}

_table := {
	"emulators": {"permissions": ["job.submit"], "backends": ["sim_*"]},
	"reader": {"permissions": ["job.read"], "backends": ["*"]},
	"scientist": {"permissions": ["job.submit"], "backends": ["*"]},
}
