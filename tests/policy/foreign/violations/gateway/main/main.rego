# Constraints in one place, templates in another: every violation that a constraint asks for counts.
package gateway.main

import data.gateway.constraints.templates
import data.gateway.inventory

violations[id] := found if {
	some id, constraint in data.org.constraints.list
	matches(constraint.match)
	found := {message |
		some violation in templates[constraint.template]
		violation.constraint == id
		message := violation.msg
	}
}

matches(match) if {
	some pattern in match.projects
	glob.match(pattern, ["-"], input.project.name)
}

matches(match) if not match.projects

decision := {
	"allow": allow,
	"deny": [{"rule": sprintf("constraint/%s", [id]), "message": text, "remedy": ""} |
		some id, texts in violations
		some text in texts
	],
	"warn": [{"rule": "constraint/none", "message": "no constraint speaks about this job", "remedy": ""} |
		count(violations) == 0
	],
	"placement": inventory.place,
	"obligations": obligations,
}

default allow := false

allow if {
	count(union({texts | some texts in violations})) == 0
	inventory.place.kind
}

obligations := [{"kind": "limit-execution", "parameters": {"seconds": least}}] if {
	least := min([row.seconds | some row in data.org.constraints.seconds; row.kind == input.backend.kind])
} else := []
