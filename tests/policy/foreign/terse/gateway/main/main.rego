# Everything in one file, with as few words as Rego allows.
package gateway.main

import data.org.limits
import rego.v1

decision := {
	"allow": count(no) == 0,
	"deny": [{"rule": r, "message": m, "remedy": "see the wiki"} | some [r, m] in sort(no)],
	"warn": [w | some w in [{"rule": "terse/unused", "message": "qubits are declared and not used", "remedy": ""}]; unused > 0],
	"placement": where,
	"obligations": obligations,
}

no contains ["terse/schema", "these are no facts"] if not input.schema == "qgw.facts/1"

no contains ["terse/role", sprintf("%v may not submit", [mine])] if count(mine & {r | some r in data.org.submitters}) == 0

no contains ["terse/shots", sprintf("%v shots", [s])] if {
	s := input.job.total_shots
	s > limits.shots
}

no contains ["terse/shots", "no shots"] if not is_number(object.get(input, ["job", "total_shots"], null))

no contains ["terse/qubits", sprintf("circuit %d is too wide", [i])] if {
	some i, c in input.circuits
	max([c.qubits_used, c.qubits_declared]) > limits.qubits
}

no contains ["terse/gates", sprintf("too many %s", [g])] if {
	some g, most in limits.gates
	sum([n | n := input.circuits[_].gates[g]]) > most
}

no contains ["terse/circuits", "no circuit could be read"] if not readable

no contains ["terse/region", concat(" ", ["not in", region])] if not near

no contains ["terse/nowhere", "it can run nowhere"] if where == null

readable if count(input.circuits) > 0

mine := {r | some r in input.key.roles}

default region := "an unknown region"

region := input.backend.region if is_string(input.backend.region)

default near := false

near if glob.match(data.org.regions[_], [], region)

default where := null

where := {"kind": k, "reason": ""} if k := kinds[input.backend.kind]

else := {"kind": "simulator", "reason": "no backend"} if {
	input.simulator.enabled
	input.job.simulator_consent == true
}

kinds := {"hardware": "requested", "simulator": "simulator"}

default unused := 0

unused := sum([spare | some c in input.circuits; spare := c.qubits_declared - c.qubits_used])

default obligations := []

obligations := [{"kind": "limit-execution", "parameters": {"seconds": data.org.seconds[input.principal.kind]}}]
