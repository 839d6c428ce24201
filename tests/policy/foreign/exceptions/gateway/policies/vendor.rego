package gateway.policies.vendor

import data.org.networks

deny contains {"id": "vendor", "text": "the region is not one of this vendor's"} if {
	regions := networks.vendors[input.backend.vendor]
	not input.backend.region in {region | some region in regions}
}

deny contains {"id": "vendor", "text": "the vendor is unknown"} if {
	vendor := input.backend.vendor
	not networks.vendors[vendor]
}

deny contains {"id": "sdk", "text": sprintf("%q is no SDK that is supported", [input.wire.sdk])} if {
	is_string(input.wire.sdk)
	every pattern in networks.sdk {
		not regex.match(sprintf("^%s$", [pattern]), input.wire.sdk)
	}
}

deny contains {"id": "calibration", "text": "the calibration is older than an hour"} if {
	input.backend.kind == "hardware"
	input.calibration.age_seconds > 3600
}

deny contains {"id": "calibration", "text": "hardware without calibration"} if {
	input.backend.kind == "hardware"
	not is_string(object.get(object.get(input, "calibration", {}), "digest", null))
}
