package gateway.main

import data.gateway.scoring

default allow := false

allow if {
	count(deny) == 0
	placement != null
}

deny contains {"rule": "scored/threshold", "message": message, "remedy": "ask for a review"} if {
	scoring.total > data.org.scoring.threshold
	message := sprintf("%v points for %s", [scoring.total, concat(", ", sort(scoring.circumstances))])
}

deny contains {"rule": "scored/blocked", "message": "this principal is blocked", "remedy": "ask security"} if {
	input.principal.name in data.org.people.blocked
}

deny contains {"rule": "scored/disabled", "message": "this principal is disabled", "remedy": "ask security"} if {
	object.get(object.get(input, "principal", {}), "disabled", true) != false
}

deny contains {"rule": "scored/no-place", "message": "there is no place for it", "remedy": "choose a backend"} if {
	placement == null
}

default placement := null

placement := {"kind": "requested", "reason": ""} if {
	input.backend.kind == "hardware"
	input.backend.online == true
} else := {"kind": "simulator", "reason": "a simulator is good enough"} if {
	input.simulator.feasible == true
	not input.job.simulator_consent == false
}

decision := {
	"allow": allow,
	"deny": [each | some each in deny],
	"warn": [{"rule": "scored/points", "message": sprintf("%s: %v", [name, count_of]), "remedy": ""} |
		some name, count_of in scoring.points
	],
	"placement": placement,
	"obligations": [{"kind": "limit-execution", "parameters": {"seconds": 30}} | allow; scoring.total > 50],
}
