# METADATA
# title: Facts are complete
# description: >-
#   Every fact of the schema is present. Null means unknown and is taken only where this rule says so; a fact
#   that is missing denies whatever the other rules make of it.
# related_resources:
#   - docs/reference/policies.md#factscomplete
# custom:
#   owner: platform-security
#   severity: critical
package gateway.rules.facts.complete

import data.gateway.result

# METADATA
# description: facts that are always known, by noun
always := {
	"principal": {"id", "name", "kind", "disabled"},
	"project": {"id", "name", "team", "classification_floor", "workload_class", "simulator_consent"},
	"key": {"id", "label", "roles", "age_seconds"},
	"job": {
		"dialect", "program", "classification", "workload_class",
		"tags", "private", "body_bytes", "option_paths",
	},
	"backend": {"asked", "known", "step"},
	"calibration": set(),
	"quote": set(),
	"budget": set(),
	"usage": {"principal_jobs_unfinished", "project_jobs_unfinished"},
	"simulator": {"enabled"},
	"provenance": {"complete", "score", "known", "missing", "code", "datasets", "labels", "parents"},
	"ledger": set(),
	"wire": {"readable", "unknown_fields", "sdk"},
	"time": {"now", "unix_seconds"},
}

# METADATA
# description: facts that are present too, but null where nothing is known or was said
sometimes := {
	"principal": set(),
	"project": {"backends"},
	"key": {"classification", "simulator_consent"},
	"job": {
		"circuit_count", "total_shots", "max_shots", "estimated_milliseconds",
		"session_id", "max_execution_seconds", "payload_versions", "simulator_consent",
	},
	"backend": {
		"name", "upstream", "vendor", "region", "kind", "qubits", "online",
		"queue_length", "max_shots", "max_circuits", "dynamic_circuits",
	},
	"calibration": {"digest", "taken_at", "age_seconds"},
	"quote": {"amount_micros", "estimate_micros", "currency", "price_revision"},
	"budget": {"limit_micros", "held_micros", "settled_micros", "currency", "limits"},
	"usage": set(),
	"simulator": {
		"backend", "feasible", "method", "cpu_milliseconds",
		"memory_bytes", "reason", "options_not_applied", "options_refused",
	},
	"provenance": {"sdk", "compiler"},
	"ledger": {
		"required", "configured", "signed_size", "witnessed_size",
		"behind", "refused", "witnesses",
	},
	"wire": {"problem_code", "problem"},
	"time": set(),
}

# METADATA
# description: facts that were added later, by noun; recorded facts of before have none of them, and need none
added := {
	"approval": {"granted", "by", "roles", "backend", "amount_micros", "currency", "age_seconds"},
	"dlp": {"rules", "findings", "complete"},
	"enforcement": {"cohort", "overrides", "stopped", "break_glass", "strict"},
	"job": {
		"declared_classification", "remembered_classification",
		"remembered_since", "resembled_classification",
	},
}

# METADATA
# description: the same of every circuit
added_of_circuits := {"fingerprint", "skeleton"}

# METADATA
# description: what is known of every backend that an upstream offers
of_known_backends := {
	"name", "upstream", "vendor", "region", "kind",
	"qubits", "max_shots", "max_circuits", "dynamic_circuits",
}

# METADATA
# description: what is present for every circuit
of_circuits := {
	"digest", "qubits_used", "qubits_declared", "clbits", "depth", "size", "gates", "gates_by_arity",
	"two_qubit_gates", "multi_qubit_gates", "measurements", "measured_bits", "mid_circuit_measurements",
	"resets", "control_flow", "parameters", "bindings", "shots", "observables", "clifford", "rotations",
	"two_qubit_depth", "samplex", "largest_component",
}

# METADATA
# description: what is known of every budget and quota that counts the job
of_limits := {"name", "level", "unit", "period", "upstream", "currency", "allowed", "held", "settled"}

# METADATA
# description: what is present for every budget and quota too, but null where there is none
of_limits_sometimes := {"soft", "needed", "resets_at"}

# METADATA
# description: what is known of every witness
of_witnesses := {"name", "size", "behind", "age_seconds"}

# METADATA
# description: every fact that is missing, or null where it must be known
# scope: document
deny contains _unknown("schema") if not input.schema == "qgw.facts/1"

deny contains _unknown(sprintf("%s.%s", [noun, key])) if {
	some noun, keys in always
	some key in ((keys | sometimes[noun]) - object.keys(_facts(noun)))
}

deny contains _unknown(sprintf("%s.%s", [noun, key])) if {
	_later
	some noun, keys in added
	some key in (keys - object.keys(_facts(noun)))
}

deny contains _unknown(sprintf("%s.%s", [noun, key])) if {
	some noun, keys in always
	facts := input[noun]
	null in facts
	some key in keys
	facts[key] == null
}

deny contains _unknown(sprintf("backend.%s", [key])) if {
	input.backend.known == true
	null in input.backend
	some key in of_known_backends
	input.backend[key] == null
}

deny contains _unknown("circuits") if not _circuits_known

deny contains _unknown(sprintf("circuits[].%s", [key])) if {
	is_array(input.circuits)
	some circuit in input.circuits
	some key in (_of_circuits - object.keys(circuit))
}

deny contains _unknown(sprintf("budget.limits[].%s", [key])) if {
	is_array(input.budget.limits)
	some limit in input.budget.limits
	some key in ((of_limits | of_limits_sometimes) - object.keys(limit))
}

deny contains _unknown(sprintf("budget.limits[].%s", [key])) if {
	is_array(input.budget.limits)
	some limit in input.budget.limits
	null in limit
	some key in of_limits
	limit[key] == null
}

deny contains _unknown(sprintf("ledger.witnesses[].%s", [key])) if {
	is_array(input.ledger.witnesses)
	some witness in input.ledger.witnesses
	some key in of_witnesses
	object.get(witness, key, null) == null
}

# One of them is enough to tell that these facts were not written before.
_later if count({"approval", "dlp", "enforcement"} & object.keys(input)) > 0

_later if count(added.job & object.keys(_facts("job"))) > 0

_of_circuits := of_circuits | added_of_circuits if {
	_later
} else := of_circuits

_circuits_known if is_array(input.circuits)

# Circuits that could not be read are no mystery: wire/readable says why, and denies.
_circuits_known if {
	input.circuits == null
	input.wire.readable == false
}

_facts(noun) := input[noun] if {
	is_object(input[noun])
} else := {}

_unknown(path) := result.unknown("facts/complete", sprintf("the fact %s", [path]))
