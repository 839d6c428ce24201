package gateway.inventory

place := {"kind": "requested", "reason": ""} if {
	input.backend.kind == "hardware"
} else := {"kind": "simulator", "reason": sprintf("method %v", [object.get(input, ["simulator", "method"], "unknown")])} if {
	input.backend.kind == "simulator"
} else := null
