# Łódź, zespół kwantowy: reguły działu, po polsku tam, gdzie czytają je ludzie.
package gateway.main

import rego.v1

import data.gateway.shared.points
import data.gateway.teams

decision := {
	"allow": count(objections) == 0,
	"deny": [{"rule": id, "message": text, "remedy": "napisz do działu"} | some [id, text] in sort(objections)],
	"warn": [{"rule": "library/uwaga", "message": text, "remedy": ""} | some text in sort(teams.chemistry.uwagi)],
	"placement": place,
	"obligations": [o | some name, parameters in teams.chemistry.duties; o := {"kind": name, "parameters": parameters}],
}

objections contains ["library/fakty", "brak faktów: żadnej decyzji"] if not readable

objections contains ["library/punkty", sprintf("za dużo punktów: %d z %d", [points.sum, most])] if points.sum > most

objections contains ["library/miejsce", "nie ma gdzie liczyć"] if is_null(place)

objections contains [id, text] if some id, text in teams.chemistry.zakazane

default most := 0

most := data.org.library.punkty[input.job.workload_class]

default readable := false

readable if {
	every name in {"principal", "project", "job", "backend", "key"} {
		is_object(input[name])
	}
	every circuit in input.circuits {
		is_number(circuit.depth)
		circuit.shots >= 0
	}
	is_array(input.circuits)
}

default place := null

place := {"kind": kinds[input.backend.kind], "reason": "wybrane"} if input.backend.online == true

kinds := {"hardware": "requested", "simulator": "simulator"}
