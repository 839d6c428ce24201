# METADATA
# title: Enforcement levels
# description: >-
#   How hard a rule is. A hard rule denies. A soft one denies, unless somebody who may has overridden it. What an
#   advisory one would deny is a warning. A rule that is being rolled out denies for a share of the projects and is
#   advisory for the others. Break-glass lifts the rules that `data.org.enforcement.break_glass` names. A rule without
#   a row is hard, and what is unknown lifts nothing.
# related_resources:
#   - docs/how-to/enforcement-levels.md
package gateway.enforcement

# METADATA
# description: areas whose rules always deny; nothing is decided without them, others must agree, or the books refuse
hard_areas := {"approval", "budget", "engine", "facts", "main"}

# METADATA
# description: rules that always deny; who is nobody, what cannot be read, priced or run, stays out
always_hard := {
	"access/principal-enabled",
	"access/role-may-submit",
	"approval/required",
	"backend/known",
	"backend/placement-order",
	"backend/priced",
	"backend/simulator-consent",
	"data/gateway-tags",
	"simulator/feasible",
	"wire/readable",
}

# METADATA
# description: whether a table may say anything of a rule
may_lower(rule) if not _always(rule)

# METADATA
# description: >-
#   why what a rule says is only a warning; empty where it stands. A rule that speaks in another's name is not lifted
lifted(area, name, finding) := why if {
	rule := _id(area, name)
	finding.rule == rule
	may_lower(rule)
	not _strict
	why := _why(rule)
} else := ""

# METADATA
# description: the warning that a lifted denial becomes
warning(finding, why) := object.union(finding, {"message": sprintf("%s; %s", [finding.message, why])})

# METADATA
# description: a denial that tells who can override it, where anybody can
denial(finding) := object.union(finding, {"remedy": sprintf("%sask %s for an override of %s", [
	_begin(finding.remedy),
	_overriders,
	finding.rule,
])}) if {
	may_lower(finding.rule)
	_row(finding.rule).level == "soft"
} else := finding

# METADATA
# description: what is said of every decision while the glass is broken
warn contains {
	"rule": "main/break-glass",
	"message": sprintf("the glass is broken (%s) until %s: %s do not deny", [id, until, concat(", ", sort(_lifted_by_glass))]),
	"remedy": "",
} if {
	glass := input.enforcement.break_glass
	is_object(glass)
	id := glass.id
	until := glass.until
}

_always(rule) if rule in always_hard

_always(rule) if split(rule, "/")[0] in hard_areas

_why(rule) := sprintf("lifted by break-glass %s until %s", [glass.id, glass.until]) if {
	glass := input.enforcement.break_glass
	is_object(glass)
	rule in _lifted_by_glass
} else := sprintf("lifted by the override %s until %s", _overrides(rule)[0]) if {
	_row(rule).level == "soft"
	count(_overrides(rule)) > 0
} else := "advisory because data.org.enforcement says so" if {
	_row(rule).level == "advisory"
} else := "advisory because its rollout was stopped" if {
	_rolled_out(rule)
	is_array(input.enforcement.stopped)
	rule in input.enforcement.stopped
} else := sprintf("advisory because it denies for %d percent of the projects so far, and not for this one", [percent]) if {
	_rolled_out(rule)
	percent := _row(rule).rollout_percent
	is_number(input.enforcement.cohort)
	input.enforcement.cohort >= percent
}

# Facts of before have no such word, and are judged by the levels as they are.
_strict if {
	is_object(input.enforcement)
	object.get(input.enforcement, "strict", false) != false
}

# The rule's own row counts whole, or else its area's.
_row(rule) := row if {
	row := data.org.enforcement.levels[rule]
} else := data.org.enforcement.levels[split(rule, "/")[0]]

_rolled_out(rule) if {
	row := _row(rule)
	is_object(row)
	object.get(row, "level", "hard") in {"hard", "soft"}
	_is_share(row.rollout_percent)
}

# Several may be in force; the same one is named each time.
_overrides(rule) := sort([[override.id, override.until] |
	is_array(input.enforcement.overrides)
	some override in input.enforcement.overrides
	override.rule == rule
])

_lifted_by_glass contains rule if {
	some rule in data.org.enforcement.break_glass
	may_lower(rule)
}

_begin(remedy) := "" if {
	remedy == ""
} else := sprintf("%s, or ", [remedy])

_overriders := sprintf("somebody with the role %s", [concat(" or ", sort(_may_override))]) if {
	count(_may_override) > 0
} else := "the operator of the gateway"

_may_override contains name if {
	some name, role in data.org.roles
	"policy.override" in role.permissions
}

_id(area, name) := sprintf("%s/%s", [area, replace(name, "_", "-")])

_is_share(value) if {
	is_number(value)
	value >= 0
	value <= 100
}
