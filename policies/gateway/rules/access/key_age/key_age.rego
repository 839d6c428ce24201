# METADATA
# title: Keys are rotated
# description: >-
#   A key older than `data.org.keys` allows for the workload class submits nothing more.
# related_resources:
#   - docs/reference/policies.md#accesskey-age
# custom:
#   owner: platform-security
#   severity: medium
package gateway.rules.access.key_age

import data.gateway.names
import data.gateway.result

deny contains result.denial("access/key-age", message, "rotate the key and use the new one") if {
	_known
	input.key.age_seconds > _limit
	message := sprintf("the key is %d days old, %s work allows %d", [
		_days(input.key.age_seconds),
		names.workload,
		_days(_limit),
	])
}

deny contains result.unknown("access/key-age", "the age of the key or its limit") if not _known

_limit := data.org.keys.max_age_seconds[input.job.workload_class]

_known if {
	is_number(input.key.age_seconds)
	is_number(_limit)
}

_days(seconds) := floor(seconds / 86400)
