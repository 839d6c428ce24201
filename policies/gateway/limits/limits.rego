# METADATA
# title: Limits
# description: >-
#   Which limit counts for this key, and whether something found keeps within it. Limits come from
#   `data.org.limits`, by workload class, with exceptions by role.
package gateway.limits

import data.gateway.caller

# METADATA
# description: the most generous limit that any role of the key has in this workload class; null when there is none
of(name) := max(_of_roles(name)) if {
	count(_of_roles(name)) > 0
} else := null

# METADATA
# description: the largest value of a field over all circuits; null unless every circuit has a number there
largest(field) := max(_values(field)) if {
	_complete(field)
} else := null

# METADATA
# description: the smallest value of a field over all circuits; null unless every circuit has a number there
smallest(field) := min(_values(field)) if {
	_complete(field)
} else := null

# METADATA
# description: >-
#   `within`, `over`, or `unknown` when either is no number. A payload without circuits, or that could not be
#   read, is `unmeasured`: circuits/per-job and wire/readable deny it, so that no other rule needs to.
verdict(found, limit) := "unmeasured" if {
	_unmeasured
} else := "unknown" if {
	not _numbers(found, limit)
} else := "over" if {
	found > limit
} else := "within"

_of_roles(name) := {limit |
	table := data.org.limits[input.job.workload_class]
	some role in caller.roles
	limit := object.get(table.roles, [role, name], table["default"][name])
	is_number(limit)
}

default _circuits := []

_circuits := input.circuits if is_array(input.circuits)

_values(field) := [circuit[field] | some circuit in _circuits; is_number(circuit[field])]

_unmeasured if input.wire.readable == false

_unmeasured if input.circuits == []

_complete(field) if {
	count(_circuits) > 0
	count(_values(field)) == count(_circuits)
}

_numbers(found, limit) if {
	is_number(found)
	is_number(limit)
}
