# METADATA
# title: Limits
# description: >-
#   Which limit counts for this key, and whether something found keeps within it. Limits come from
#   `data.org.limits`, by workload class, with exceptions by role.
package gateway.limits

import data.gateway.caller

# METADATA
# description: the most generous limit that any role of the key has in this workload class; null when there is none
of(name) := object.get(_limits, name, null)

# METADATA
# description: what was found of each thing that has a limit, its limit, and the verdict on both
of_the_key := {name: judged(found, of(name)) | some name, found in _found}

# METADATA
# description: the largest value of a field over all circuits; null unless every circuit has a number there
largest(field) := max(values) if {
	values := _values(field)
	count(values) > 0
	count(values) == count(_circuits)
} else := null

# METADATA
# description: the smallest value of a field over all circuits; null unless every circuit has a number there
smallest(field) := min(values) if {
	values := _values(field)
	count(values) > 0
	count(values) == count(_circuits)
} else := null

# METADATA
# description: >-
#   `within`, `over`, or `unknown` when either is no number. A payload without circuits, or that could not be
#   read, is `unmeasured`: circuits/per-job and wire/readable deny it, so that no other rule needs to.
verdict(found, limit) := "unmeasured" if {
	_unmeasured
} else := "within" if {
	is_number(found)
	is_number(limit)
	found <= limit
} else := "over" if {
	is_number(found)
	is_number(limit)
} else := "unknown"

# METADATA
# description: what was found, its limit, and the verdict on both
judged(found, limit) := {"found": found, "limit": limit, "verdict": verdict(found, limit)}

# All at once, because most rules ask for one.
_found := {
	"circuits_per_job": object.get(input, ["job", "circuit_count"], null),
	"depth": largest("depth"),
	"qubits": largest("qubits_used"),
	"shots_per_circuit": largest("shots"),
	"total_shots": object.get(input, ["job", "total_shots"], null),
	"two_qubit_gates": largest("two_qubit_gates"),
}

_limits := {name: max(found) |
	table := data.org.limits[input.job.workload_class]
	some name, usual in table["default"]
	found := {limit |
		some role in caller.roles
		limit := object.get(table.roles, [role, name], usual)
		is_number(limit)
	}
	count(found) > 0
}

default _circuits := []

_circuits := input.circuits if is_array(input.circuits)

_values(field) := [value |
	some circuit in _circuits
	value := circuit[field]
	is_number(value)
]

_unmeasured if input.wire.readable == false

_unmeasured if input.circuits == []
