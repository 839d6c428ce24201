package gateway.teams.chemistry

import rego.v1

default member(_) := false

member(name) if name in {"chemistry", "chemia ☕"}

zakazane["library/żeton"] := "klucz starszy niż tydzień" if input.key.age_seconds > 604800

zakazane[id] := text if {
	not member(input.project.team)
	id := "library/zespół"
	text := concat(": ", ["obcy zespół", input.project.team])
}

uwagi contains sprintf("%v bramek „%s”", [found, gate]) if {
	some circuit in input.circuits
	some gate, found in circuit.gates
	not gate in {"cx", "rz", "sx", "x", "h", "measure"}
}

duties["cap-shots"] := object.union({"shots": 5000}, object.get(data.org.library, "dłużej", {})) if {
	input.job.total_shots > 5000
}

duties["add-tags"] := {"tags": array.concat(["unit=lodz"], [tag | some tag in input.job.tags; startswith(tag, "cost=")])} if {
	input.backend.kind == "hardware"
}
