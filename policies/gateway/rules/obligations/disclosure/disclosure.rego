# METADATA
# title: What a job tells about itself
# description: >-
#   Where a row of `data.org.obligations.disclosure` speaks about a job, the gateway leaves out what it names (`strip`),
#   sends its registers under other names (`relabel_registers`), has its vendor treat it as private (`private`), and
#   gives it tags (`add_tags`).
# related_resources:
#   - docs/reference/policies.md#obligationsdisclosure
#   - docs/how-to/obligations.md
# custom:
#   owner: platform-security
#   severity: high
package gateway.rules.obligations.disclosure

import data.gateway.obliged
import data.gateway.result

deny contains result.unknown("obligations/disclosure", "what which jobs may tell about themselves") if {
	not obliged.understood("disclosure", {"strip", "relabel_registers", "private", "add_tags"})
}

deny contains result.unknown("obligations/disclosure", "whose job it is, or where it would run") if not obliged.known

# What a row does not say is looked for first: an engine may give up on a head that holds something undefined.
obligations contains result.obligation("strip", {"of": leaks}) if {
	some row in obliged.rows.disclosure
	leaks := row.strip
}

obligations contains result.obligation("relabel-registers", {}) if {
	some row in obliged.rows.disclosure
	object.get(row, "relabel_registers", false) != false
}

obligations contains result.obligation("force-private", {}) if {
	some row in obliged.rows.disclosure
	object.get(row, "private", false) != false
}

obligations contains result.obligation("add-tags", {"tags": tags}) if {
	some row in obliged.rows.disclosure
	tags := row.add_tags
}
