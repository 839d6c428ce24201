# METADATA
# title: Risk points
# description: Every circumstance adds points; trust takes some away; a job with too many does not go.
package gateway.scoring

import data.gateway.lib.numbers

points[name] := data.org.scoring.points[name] if some name in circumstances

circumstances contains "old_key" if numbers.at_least(numbers.days(input.key.age_seconds), data.org.scoring.bounds.key_days)

circumstances contains "service" if input.principal.kind == "service"

circumstances contains "restricted" if input.job.classification in {"confidential", "restricted"}

circumstances contains "wide" if {
	some circuit in input.circuits
	numbers.at_least(circuit.qubits_used, data.org.scoring.bounds.qubits)
}

circumstances contains "deep" if {
	some circuit in input.circuits
	numbers.at_least(circuit.depth, data.org.scoring.bounds.depth)
}

circumstances contains "many_shots" if numbers.at_least(input.job.total_shots, data.org.scoring.bounds.shots)

circumstances contains "hardware" if input.backend.kind == "hardware"

circumstances contains "unknown_fields" if count(input.wire.unknown_fields) > 0

circumstances contains "opaque" if not transparent

transparent if {
	input.wire.readable == true
	every circuit in input.circuits {
		is_string(circuit.digest)
	}
}

default trust := 0

trust := data.org.people.trusted[input.principal.name]

total := sum([p | some p in points]) - trust
