# METADATA
# title: Decision
# description: >-
#   The one answer the gateway asks for. It denies unless every required rule was evaluated, none denies, and
#   there is a place to run; an empty list of denials alone allows nothing.
# related_resources:
#   - docs/reference/policies.md
package gateway.main

import data.gateway.enforcement
import data.gateway.placement
import data.gateway.result

# METADATA
# description: rules that must be present; their absence denies, so a bundle that was cut short allows nothing
required := {
	"access": {"backend_allow_list", "key_age", "principal_enabled", "role_may_submit"},
	"approval": {"required"},
	"backend": {"calibration_age", "capacity", "known", "online", "priced"},
	"budget": {"currency", "known", "money", "quota"},
	"circuits": {"depth", "per_job", "program", "qubits", "shots", "two_qubit_gates"},
	"data": {"gateway_tags", "leaks", "remembered", "residency"},
	"facts": {"complete"},
	"ledger": {"witnessed"},
	"obligations": {"disclosure", "run", "size"},
	"provenance": {"complete"},
	"simulator": {"feasible", "options"},
	"wire": {"readable", "unknown_fields"},
}

# METADATA
# description: the decision, always a whole object
# entrypoint: true
decision := {
	"allow": allow,
	"deny": result.in_order(deny),
	"warn": result.in_order(warn),
	"placement": _placement,
	"obligations": [obligation | some obligation in obligations],
}

# METADATA
# description: whether the job may go
default allow := false

allow if {
	count(deny) == 0
	placement.place.kind in {"requested", "simulator"}
}

# METADATA
# description: every reason why the job may not go
# scope: document
deny contains enforcement.denial(finding) if {
	some [finding, why] in _judged
	why == ""
}

deny contains finding if some finding in placement.refusals

deny contains result.unknown("main/placement", "where the job could run") if {
	not placement.place
	count(placement.refusals) == 0
}

deny contains result.unknown("main/required-rules", sprintf("what the rule %s/%s says", [area, rule])) if {
	some area, names in required
	some rule in (names - object.get(_answering, area, set()))
}

deny contains result.unknown("main/well-formed", sprintf("what the rule %s/%s means", [area, rule])) if {
	some [area, rule, findings] in _denials
	not _well_formed(findings)
}

# METADATA
# description: what the caller should know about a job that may go; what a rule would deny that is not hard is among it
warn contains enforcement.warning(finding, why) if {
	some [finding, why] in _judged
	why != ""
}

warn contains finding if some finding in placement.lifted

warn contains finding if some finding in enforcement.warn

warn contains finding if {
	some finding in _rules[_][_].warn
	result.is_finding(finding)
}

# METADATA
# description: what the gateway must do if it lets the job go
obligations contains obligation if {
	some obligation in _rules[_][_].obligations
}

# Named once: an engine that walks the whole tree of rules should do so once.
_rules := data.gateway.rules

default _placement := null

_placement := placement.place if allow

# A rule that only diverts has nothing else to say.
_answering := {area: names |
	some area, rules in _rules
	diverting := {rule | some rule, said in rules; is_set(said.divert)}
	names := diverting | {rule | some rule, said in rules; said.deny}
}

# Most rules have nothing to say; what is said in another shape is kept, to be found malformed.
_denials := [[area, rule, said.deny] |
	some area, rules in _rules
	some rule, said in rules
	said.deny != set()
]

# Each denial, with why it is only a warning or with nothing.
_judged contains [finding, why] if {
	some [area, rule, findings] in _denials
	some finding in findings
	result.is_finding(finding)
	why := enforcement.lifted(area, rule, finding)
}

_well_formed(findings) if {
	is_set(findings)
	every finding in findings {
		result.is_finding(finding)
	}
}
