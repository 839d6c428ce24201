# METADATA
# title: Calibration is fresh
# description: >-
#   Hardware whose calibration is older than `data.org.calibration` allows for the workload class, or that has
#   none, diverts the job. A null limit means any age.
# related_resources:
#   - docs/reference/policies.md#backendcalibration-age
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.backend.calibration_age

import data.gateway.names
import data.gateway.result

divert contains result.diversion("backend/calibration-age", message, "wait for the next calibration") if {
	_hardware
	_known
	input.calibration.age_seconds > _limit
	message := sprintf("%s was calibrated %d hours ago, %s work allows %d", [
		names.backend,
		_hours(input.calibration.age_seconds),
		names.workload,
		_hours(_limit),
	])
}

divert contains result.diversion("backend/calibration-age", message, "wait for the next calibration") if {
	_hardware
	not _unlimited
	not _known
	message := sprintf("the age of the calibration of %s, or its limit, is unknown", [names.backend])
}

_hardware if {
	input.backend.known == true
	not input.backend.kind == "simulator"
}

_limit := data.org.calibration.max_age_seconds[input.job.workload_class]

_unlimited if _limit == null

_known if {
	is_number(input.calibration.age_seconds)
	is_number(_limit)
}

_hours(seconds) := floor(seconds / 3600)
