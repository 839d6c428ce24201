# METADATA
# title: Testing
# description: Builders of facts for the tests of rules; never part of a bundle that decides.
package gateway.testing

# METADATA
# description: complete facts of a job that every rule allows, on an emulated device
facts := {
	"schema": "qgw.facts/1",
	"principal": {"id": "p-1", "name": "ada", "kind": "person", "disabled": false},
	"project": {
		"id": "pr-1",
		"name": "chemistry",
		"team": "research",
		"classification_floor": "internal",
		"workload_class": "experimental",
		"simulator_consent": false,
		"backends": null,
	},
	"key": {
		"id": "k-1",
		"label": "laptop",
		"roles": ["scientist"],
		"classification": null,
		"simulator_consent": null,
		"age_seconds": 86400,
	},
	"job": {
		"dialect": "ibm",
		"program": "sampler",
		"classification": "internal",
		"declared_classification": "internal",
		"remembered_classification": "public",
		"remembered_since": null,
		"resembled_classification": "public",
		"workload_class": "experimental",
		"circuit_count": 1,
		"total_shots": 1000,
		"max_shots": 1000,
		"estimated_milliseconds": 1500,
		"tags": [],
		"session_id": null,
		"private": false,
		"max_execution_seconds": null,
		"body_bytes": 2048,
		"payload_versions": ["qpy-17"],
		"option_paths": [],
		"simulator_consent": null,
	},
	"circuits": [circuit],
	"backend": {
		"asked": "sim_line_5",
		"step": "requested",
		"name": "sim_line_5",
		"known": true,
		"upstream": "aer",
		"vendor": "gateway",
		"region": "local",
		"kind": "simulator",
		"qubits": 5,
		"online": true,
		"queue_length": 0,
		"max_shots": 100000,
		"max_circuits": 300,
		"dynamic_circuits": true,
	},
	"calibration": {
		"digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"taken_at": "2026-11-01T08:00:00.000000Z",
		"age_seconds": 3600,
	},
	"quote": {"amount_micros": 0, "estimate_micros": 0, "currency": "EUR", "price_revision": "p1"},
	"budget": {"limit_micros": null, "held_micros": null, "settled_micros": null, "currency": null, "limits": []},
	"usage": {"principal_jobs_unfinished": 0, "project_jobs_unfinished": 0},
	"simulator": {
		"enabled": true,
		"backend": "sim_line_5",
		"feasible": true,
		"method": "stabilizer",
		"cpu_milliseconds": 20,
		"memory_bytes": 1048576,
		"reason": "",
		"options_not_applied": [],
		"options_refused": [],
	},
	"provenance": {
		"complete": true,
		"score": 100,
		"known": known_provenance,
		"missing": [],
		"sdk": "qiskit-ibm-runtime 0.51.0",
		"compiler": "qiskit 2.6.2",
		"code": ["git:4be1c7f"],
		"datasets": ["none"],
		"labels": [],
		"parents": [],
	},
	"ledger": {
		"required": 0,
		"configured": 0,
		"signed_size": 1000,
		"witnessed_size": 0,
		"behind": 1000,
		"refused": false,
		"witnesses": [],
	},
	"enforcement": {"cohort": 0, "overrides": [], "stopped": [], "break_glass": null, "strict": false},
	"approval": {
		"granted": false,
		"by": null,
		"roles": null,
		"backend": null,
		"amount_micros": null,
		"currency": null,
		"age_seconds": null,
	},
	"dlp": {"rules": _sought, "findings": [], "complete": true},
	"wire": {"readable": true, "problem_code": null, "problem": null, "unknown_fields": [], "sdk": ""},
	"time": {"now": "2026-11-01T09:00:00.000000Z", "unix_seconds": 1793523600},
}

# Whatever an operator's table holds was looked for.
_sought := sort([id | some id, _ in data.org.dlp.rules])

# METADATA
# description: the fields of provenance that are expected before a job runs
known_provenance := [
	"circuit.digest", "circuit.count", "circuit.encodings", "parameters.count", "parameters.bindings",
	"payload.digest", "options.digest", "shots", "backend.asked", "backend.name", "backend.kind", "backend.upstream",
	"calibration.submitted", "software.sdk", "software.compiler", "data.classification", "data.datasets",
	"code.revision", "cost.quoted_micros",
]

# METADATA
# description: a Bell pair, measured
circuit := {
	"digest": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
	"qubits_used": 2,
	"qubits_declared": 5,
	"clbits": 2,
	"depth": 3,
	"size": 4,
	"gates": {"h": 1, "cx": 1, "measure": 2},
	"gates_by_arity": {"1": 1, "2": 1},
	"two_qubit_gates": 1,
	"multi_qubit_gates": 0,
	"measurements": 2,
	"measured_bits": 2,
	"mid_circuit_measurements": 0,
	"resets": 0,
	"control_flow": 0,
	"parameters": 0,
	"bindings": 1,
	"shots": 1000,
	"observables": 0,
	"clifford": true,
	"rotations": 0,
	"two_qubit_depth": 1,
	"samplex": false,
	"largest_component": 2,
	"fingerprint": "55dfa35faddd8ba0fa2cb4da7bbe31d6",
	"skeleton": null,
}

# METADATA
# description: hardware that takes work, fresh and priced
hardware := {
	"backend": {
		"asked": "ibm_lund",
		"step": "requested",
		"name": "ibm_lund",
		"known": true,
		"upstream": "ibm",
		"vendor": "ibm",
		"region": "eu-de",
		"kind": "hardware",
		"qubits": 156,
		"online": true,
		"queue_length": 3,
		"max_shots": 100000,
		"max_circuits": 300,
		"dynamic_circuits": true,
	},
	"quote": {"amount_micros": 1600000, "estimate_micros": 400000, "currency": "EUR", "price_revision": "p1"},
}

# METADATA
# description: a monthly budget of 100 EUR of the project, 85 of which are taken; the job above takes 1.60
limit := {
	"name": "chemistry-month",
	"level": "project",
	"unit": "money",
	"period": "month",
	"upstream": "",
	"currency": "EUR",
	"allowed": 100000000,
	"soft": null,
	"held": 5000000,
	"settled": 80000000,
	"needed": 1600000,
	"resets_at": "2026-12-01T00:00:00.000000Z",
}

# METADATA
# description: the facts with some of them changed; nested objects are merged
changed(patch) := object.union(facts, patch)

# METADATA
# description: the facts of a job for hardware, with some of them changed
on_hardware(patch) := object.union(object.union(facts, hardware), patch)

# METADATA
# description: the facts of a job for hardware that one limit counts, with some of that changed
counted(patch) := on_hardware({"budget": {"limits": [object.union(limit, patch)]}})

# METADATA
# description: the facts of a job for hardware whose caller lets a simulator take its place
consenting(facts) := object.union(facts, {"job": {"simulator_consent": true}})

# METADATA
# description: the facts of a job whose only circuit has some values changed
with_circuit(patch) := object.union(facts, {"circuits": [object.union(circuit, patch)]})

# METADATA
# description: the facts without one of them; the path is like `job/program`
without(path) := json.remove(facts, [path])

# METADATA
# description: limits of the tests' own, so that an operator's numbers do not matter to them
limits := {"experimental": {"default": _limits, "roles": {"lead": {"depth": 20, "total_shots": 20000}}}}

_limits := {
	"circuits_per_job": 3,
	"depth": 10,
	"qubits": 4,
	"shots_per_circuit": 2000,
	"total_shots": 5000,
	"two_qubit_gates": 5,
}
