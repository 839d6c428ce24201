package gateway.rules.backend.calibration_age_test

import data.gateway.rules.backend.calibration_age as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"just the age": _aged(7200),
		"any age where there is no limit": testing.on_hardware({"calibration": {"age_seconds": null}}),
		"an emulated device of any age": testing.changed({"job": {"workload_class": "production"}, "calibration": {"age_seconds": null}}),
	}

	count(rule.divert) == 0 with input as facts with data.org.calibration as _limits
}

test_denies[name] if {
	some name, facts in {
		"one second over": _aged(7201),
		"age unknown": _aged(null),
		"a class without a row": testing.on_hardware({"job": {"workload_class": "medical"}}),
	}

	count(rule.divert) == 1 with input as facts with data.org.calibration as _limits
}

_aged(seconds) := testing.on_hardware({
	"job": {"workload_class": "production"},
	"calibration": {"age_seconds": seconds},
})

_limits := {"max_age_seconds": {"experimental": null, "production": 7200}}
