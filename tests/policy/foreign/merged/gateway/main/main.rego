# A document of defaults, patched by team and by what is asked for; then judged as a whole.
package gateway.main

import data.gateway.defaults.effective

default decision := {
	"allow": false,
	"deny": [{"rule": "merged/default", "message": "nothing is known about this job", "remedy": ""}],
	"warn": [],
	"placement": null,
	"obligations": [],
}

decision := answer if {
	input.schema == "qgw.facts/1"
	answer := judged(effective)
}

judged(terms) := {"allow": true, "deny": [], "warn": notes, "placement": place, "obligations": duties} if {
	count(against) == 0
	is_object(place)
	duties := [{"kind": "pin-region", "parameters": {"regions": terms.regions}} | count(terms.regions) > 0]
} else := {"allow": false, "deny": said, "warn": notes, "placement": null, "obligations": []} if {
	said := [{"rule": sprintf("merged/%s", [name]), "message": why, "remedy": "ask"} | some name, why in against]
	count(said) > 0
} else := object.union(decision_without, {"warn": notes})

decision_without := {
	"allow": false,
	"deny": [{"rule": "merged/nowhere", "message": "there is no place", "remedy": ""}],
	"warn": [],
	"placement": null,
	"obligations": [],
}

against[name] := why if {
	some name, most in effective.most
	found := measured[name]
	found > most
	why := sprintf("%v of %v %s", [found, most, name])
}

against["labels"] := "this team may not do such work" if {
	not allowed_label
}

allowed_label if input.job.classification in effective.labels

allowed_label if effective.labels == ["*"]

against["trust"] := "who is this" if {
	trust := {"person": 2, "service": 1}[input.principal.kind] - count({role |
		some role in input.key.roles
		role in {"auditor", "operator"}
	})
	trust < 1
}

measured := {
	"shots": input.job.total_shots,
	"circuits": count(input.circuits),
	"gates": sum([found | some circuit in input.circuits; some _, found in circuit.gates]),
	"cost": round(input.quote.amount_micros / 1000000),
	"half": ceil(input.job.body_bytes / 2) % 7,
}

notes := [{"rule": "merged/note", "message": note, "remedy": ""} |
	some note in {upper(substring(tag, 0, 4)) | some tag in input.job.tags}
]

default place := null

place := {"kind": "requested", "reason": "as asked"} if {
	input.backend.kind == "hardware"
	not input.backend.region in {region | some region in effective.closed}
}

place := {"kind": "simulator", "reason": "as asked"} if input.backend.kind == "simulator"
