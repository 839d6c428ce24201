# Every package below `policies` says what it denies and warns of; exceptions take denials away while they last.
package gateway.main

decision := {
	"allow": allow,
	"deny": _said(denials),
	"warn": _said({msg | some policy in data.gateway.policies; some msg in policy.warn} | excused),
	"placement": placement,
	"obligations": [],
}

default allow := false

allow if {
	count(denials) == 0
	placement.kind
}

denials contains msg if {
	some policy in data.gateway.policies
	some msg in policy.deny
	not excepted(msg.id)
}

denials contains {"id": "main", "text": "some of the facts are missing"} if not complete

denials contains {"id": "main", "text": "there is no place for it"} if placement == null

excused contains {"id": msg.id, "text": sprintf("excepted: %s", [msg.text])} if {
	some policy in data.gateway.policies
	some msg in policy.deny
	excepted(msg.id)
}

excepted(id) if {
	some exception in data.org.exceptions[_group(id)]
	glob.match(exception.project, [], input.project.name)
	input.time.unix_seconds * 1000000000 < time.parse_rfc3339_ns(exception.until)
}

_group(id) := "sizes" if id == "size"

_group(id) := id if id != "size"

complete if {
	every noun in ["principal", "project", "key", "job", "backend", "wire", "time"] {
		is_object(object.get(input, noun, null))
	}
	is_array(input.circuits)
	is_string(input.project.name)
	is_number(input.time.unix_seconds)
}

default placement := null

placement := {"kind": "requested", "reason": ""} if input.backend.kind == "hardware"

placement := {"kind": "simulator", "reason": "as asked"} if input.backend.kind == "simulator"

_said(messages) := [{"rule": sprintf("exceptions/%s", [msg.id]), "message": msg.text, "remedy": ""} |
	some msg in messages
]
