# METADATA
# title: Provenance is complete
# description: >-
#   Every field of `qgw.provenance/1` that is expected before a job runs is known, or the table excuses its lack for the
#   workload class; `"*"` excuses all of them. Where the job goes, and at what price, other rules ask. What the SDK does
#   not say, job tags can: `qgw:code=…`, `qgw:dataset=…`, `qgw:compiler=…`, `qgw:sdk=…`; `none` is an answer.
# related_resources:
#   - docs/reference/policies.md#provenancecomplete
# custom:
#   owner: research-integrity
#   severity: medium
package gateway.rules.provenance.complete

import data.gateway.names
import data.gateway.provenance
import data.gateway.result

deny contains result.denial("provenance/complete", message, provenance.remedy) if {
	not _excused_whole
	count(provenance.lacking) > 0
	message := sprintf("%s work must say where it comes from, and %s is not known", [
		names.workload,
		concat(", ", sort(provenance.lacking)),
	])
}

_excused_whole if "*" in data.org.provenance.may_lack[input.job.workload_class]
