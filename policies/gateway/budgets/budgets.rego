# METADATA
# title: Budgets
# description: >-
#   Whether a job fits into each limit that counts it, and how to say to people what is left of one. The database
#   reserves; these rules say beforehand, in words, what it would refuse.
package gateway.budgets

import data.gateway.result

# METADATA
# description: every limit that counts the job; none where they could not be read, which budget/known denies
default limits := []

limits := input.budget.limits if is_array(input.budget.limits)

# METADATA
# description: whether all figures of a limit are known
known(limit) if {
	every figure in ["allowed", "held", "settled", "needed"] {
		is_number(limit[figure])
	}
}

# METADATA
# description: whether the job takes more of a limit than is left; a job that takes nothing never does
exceeded(limit) if {
	known(limit)
	limit.needed > 0
	limit.needed > left(limit)
}

# METADATA
# description: whether the job takes a limit past the point from which people are warned
warned(limit) if {
	known(limit)
	is_number(limit.soft)
	limit.needed > 0
	(limit.held + limit.settled) + limit.needed > limit.soft
}

# METADATA
# description: what may still be taken; 0 also where a vendor billed more than was held
left(limit) := max([0, (limit.allowed - limit.held) - limit.settled])

# METADATA
# description: whether a simulator may take the place of hardware that costs too much, as `data.org.budgets.over` has it
divertible if {
	input.backend.known == true
	not input.backend.kind == "simulator"
	data.org.budgets.over == "simulator"
}

# METADATA
# description: what is left of a limit, when it resets, and what the job takes, as one sentence
sentence(limit) := sprintf("%s has %s left of its %s '%s' (%s%s), and this job takes up to %s on %s", [
	_holder(limit),
	amount(limit, left(limit)),
	_kind(limit),
	text(limit, "name"),
	amount(limit, limit.allowed),
	_resets(limit),
	amount(limit, limit.needed),
	# Not `names.backend`: regorus finds a rule of another package undefined in a function that is called in a loop.
	result.words(["backend", "asked"], "the backend"),
])

# METADATA
# description: an amount of a limit's unit with the unit
amount(limit, value) := sprintf("%s %s", [_decimal(value, 1000000), text(limit, "currency")]) if {
	limit.unit == "money"
} else := sprintf("%s s of QPU time", [_decimal(value, 1000)]) if {
	limit.unit == "qpu-milliseconds"
} else := sprintf("%d s of session time", [value]) if {
	limit.unit == "session-seconds"
} else := sprintf("%d %s", [value, text(limit, "unit")])

# METADATA
# description: a text of a limit, whatever was found in its place; a message must never be undefined
text(limit, key) := limit[key] if {
	is_string(limit[key])
} else := "unknown"

_holder(limit) := "the organisation" if {
	limit.level == "organisation"
} else := sprintf("team '%s'", [result.words(["project", "team"], "unknown")]) if {
	limit.level == "team"
} else := sprintf("project '%s'", [result.words(["project", "name"], "unknown")]) if {
	limit.level == "project"
} else := sprintf("principal '%s'", [result.words(["principal", "name"], "unknown")]) if {
	limit.level == "principal"
} else := sprintf("key '%s'", [result.words(["key", "label"], "unknown")])

_periods := {
	"day": "daily ",
	"week": "weekly ",
	"month": "monthly ",
	"quarter": "quarterly ",
	"year": "yearly ",
	"rolling": "rolling ",
	"open": "concurrent ",
}

_kind(limit) := sprintf("%sbudget", [object.get(_periods, text(limit, "period"), "")]) if {
	limit.unit == "money"
} else := sprintf("%squota", [object.get(_periods, text(limit, "period"), "")])

_resets(limit) := sprintf(", resets %s %s UTC", [substring(limit.resets_at, 0, 10), substring(limit.resets_at, 11, 5)]) if {
	is_string(limit.resets_at)
} else := ", free again as jobs end" if {
	limit.period == "open"
} else := ", never resets"

# Never rounded: whole amounts as whole numbers, cents as two digits, and anything else with all it has.
_decimal(value, parts) := sprintf("%d", [_whole(value, parts)]) if {
	value % parts == 0
} else := sprintf("%d.%s", [_whole(value, parts), substring(_fraction(value, parts), 0, 2)]) if {
	parts == 1000000
	value % 10000 == 0
} else := sprintf("%d.%s", [_whole(value, parts), _fraction(value, parts)])

_whole(value, parts) := floor((value - (value % parts)) / parts)

_fraction(value, parts) := substring(sprintf("%d", [parts + (value % parts)]), 1, -1)
