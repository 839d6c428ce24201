# METADATA
# title: How often a job runs
# description: >-
#   Where a row of `data.org.obligations.size` speaks about a job that asks for more `shots` of a circuit, the gateway
#   runs it that often and no more. What then still runs more than `split_shots` times is sent in parts.
# related_resources:
#   - docs/reference/policies.md#obligationssize
#   - docs/how-to/obligations.md
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.obligations.size

import data.gateway.limits
import data.gateway.obliged
import data.gateway.result

deny contains result.unknown("obligations/size", "how often which jobs may run") if {
	not obliged.understood("size", {"shots", "split_shots"})
}

deny contains result.unknown("obligations/size", "the number of shots") if limits.verdict(_shots, _shots) == "unknown"

obligations contains result.obligation("cap-shots", {"shots": row.shots}) if {
	some row in obliged.rows.size
	limits.verdict(_shots, row.shots) != "within"
}

obligations contains result.obligation("split-shots", {"shots": row.split_shots}) if {
	some row in obliged.rows.size
	limits.verdict(_shots, row.split_shots) != "within"
}

_shots := limits.largest("shots")
