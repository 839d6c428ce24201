# METADATA
# title: How long and where a job runs
# description: >-
#   Where a row of `data.org.obligations.run` speaks about a job, the gateway stops it after `execution_seconds`, closes
#   its session after `session_seconds`, forwards it to `regions` only and on a calibration of at most
#   `calibration_seconds`, and places it on the first of `backends` that policy allows instead of where it asked.
# related_resources:
#   - docs/reference/policies.md#obligationsrun
#   - docs/how-to/obligations.md
# custom:
#   owner: quantum-operations
#   severity: high
package gateway.rules.obligations.run

import data.gateway.obliged
import data.gateway.result

deny contains result.unknown("obligations/run", "how long and where which jobs may run") if {
	not _understood
}

deny contains result.unknown("obligations/run", "whose job it is, or where it would run") if not obliged.known

obligations contains result.obligation(kind, {parameter: value}) if {
	some row in obliged.rows.run
	some name, [kind, parameter] in _table
	value := row[name]
}

_understood if obliged.understood("run", object.keys(_table))

_table := {
	"backends": ["place-elsewhere", "backends"],
	"calibration_seconds": ["require-calibration", "max_age_seconds"],
	"execution_seconds": ["limit-execution", "seconds"],
	"regions": ["pin-region", "regions"],
	"session_seconds": ["limit-session", "seconds"],
}
