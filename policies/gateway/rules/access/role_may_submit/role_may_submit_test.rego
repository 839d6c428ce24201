package gateway.rules.access.role_may_submit_test

import data.gateway.rules.access.role_may_submit as rule
import data.gateway.testing

test_allows_when_any_role_may_submit if {
	count(rule.deny) == 0 with input as _roles(["reader", "writer"]) with data.org.roles as _table
}

test_denies[name] if {
	some name, facts in {
		"a role without the permission": _roles(["reader"]),
		"a role nobody defined": _roles(["king"]),
		"no roles": _roles([]),
		"roles unknown": testing.without("key/roles"),
	}

	count(rule.deny) == 1 with input as facts with data.org.roles as _table
}

test_denies_in_words if {
	some finding in rule.deny with input as _roles(["reader"]) with data.org.roles as _table
	finding.message == "no role of this key (reader) has the permission job.submit"
}

_roles(roles) := testing.changed({"key": {"roles": roles}})

_table := {"reader": {"permissions": ["job.read"]}, "writer": {"permissions": ["job.submit"]}}
