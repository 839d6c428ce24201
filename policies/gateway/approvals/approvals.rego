# METADATA
# title: Approvals
# description: >-
#   Which rows of `data.org.approvals` count a job, and whether a second person approved what they ask about. A row
#   counts when each of its conditions holds; a fact that is not known holds every condition on it. What was approved
#   is one job on one backend, at no more than what it was to cost then.
# related_resources:
#   - docs/how-to/approvals.md
package gateway.approvals

import data.gateway.placement

# METADATA
# description: rows of the table that count this job, and that no approval covers yet
open contains row if {
	# A table that cannot be read denies, and is looked at no further.
	known
	some row in data.org.approvals.rows
	every name, wanted in row["if"] {
		_holds(name, wanted)
	}
	not _covers(row)
}

# METADATA
# description: whether the table can be read as what it is
known if {
	is_array(data.org.approvals.rows)
	every row in data.org.approvals.rows {
		_is_row(row)
	}
}

# METADATA
# description: whether this is an approval by somebody else than who submitted the job; undefined where there is none
by_another := _another(_approval) if _approval.granted == true

# METADATA
# description: whether it is known what a second person said, be it nothing
heard if is_boolean(_approval.granted)

# Facts of before have no such noun; nobody had approved anything.
_approval := object.get(input, "approval", {"granted": false})

_another(approval) if {
	is_string(approval.by)
	is_string(input.principal.id)
	approval.by != input.principal.id
} else := false

_covers(row) if {
	by_another
	_may(row)
	_approval.backend == input.backend.name
	_no_dearer
}

_may(row) if row.role in _approval.roles

_may(row) if {
	is_array(_approval.roles)
	some role in _approval.roles
	row.permission in data.org.roles[role].permissions
}

_no_dearer if {
	_approval.currency == input.quote.currency
	input.quote.amount_micros <= _approval.amount_micros
	is_number(input.quote.amount_micros)
	is_number(_approval.amount_micros)
}

_no_dearer if {
	_approval.granted == true
	_approval.amount_micros == null
	input.quote.amount_micros == null
}

_holds("projects", patterns) if _matches(patterns, input.project.name)

_holds("backends", patterns) if _matches(patterns, input.backend.name)

_holds("kinds", kinds) if _among(kinds, object.get(_destination, "kind", null))

_holds("classifications", labels) if _among(labels, input.job.classification)

_holds("workload_classes", classes) if _among(classes, input.job.workload_class)

_holds("shots_over", most) if not _few(most)

_holds("cost_over", amounts) if not _affordable(amounts)

_matches(_, name) if not is_string(name)

_matches(patterns, name) if {
	is_string(name)
	some pattern in patterns
	glob.match(pattern, null, name)
}

_among(_, fact) if fact == null

_among(listed, fact) if fact in listed

_few(most) if _within(most, input.job.total_shots)

_within(most, found) if {
	is_number(found)
	found <= most
}

# A price in a currency that the row does not name is compared with nothing, and counts as too much.
_affordable(amounts) if _within(amounts[input.quote.currency], input.quote.amount_micros)

default _destination := {}

_destination := placement.destination

_is_row(row) if {
	is_object(row)
	object.keys(row) - {"reason", "hours", "permission", "role", "if"} == set()
	is_string(row.reason)
	is_number(row.hours)
	_names_one(row)
	is_object(row["if"])
	every name, wanted in row["if"] {
		_is_condition(name, wanted)
	}
}

_names_one(row) if {
	is_string(row.permission)
	object.get(row, "role", null) == null
}

# A role that nobody can have would keep jobs waiting for nobody.
_names_one(row) if {
	object.get(row, "permission", null) == null
	data.org.roles[row.role]
}

_is_condition(name, wanted) if {
	name in {"projects", "backends", "kinds", "classifications", "workload_classes"}
	is_array(wanted)
	every each in wanted {
		is_string(each)
	}
}

_is_condition("shots_over", most) if is_number(most)

_is_condition("cost_over", amounts) if {
	is_object(amounts)
	every amount in amounts {
		is_number(amount)
	}
}
