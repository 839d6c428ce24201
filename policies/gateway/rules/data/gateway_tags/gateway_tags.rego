# METADATA
# title: Gateway tags are understood
# description: >-
#   A job tag that begins with `qgw:` speaks to the gateway; one that it does not understand is refused rather
#   than ignored. Tags that say where work comes from are `qgw:code=…` and the like, or, to tell several of a kind
#   apart where tags are a map, `qgw:dataset.2=…`.
# related_resources:
#   - docs/reference/policies.md#datagateway-tags
# custom:
#   owner: platform-security
#   severity: high
package gateway.rules.data.gateway_tags

import data.gateway.result

deny contains result.denial("data/gateway-tags", message, remedy) if {
	some tag in (_gateway_tags - _understood)
	not _of_provenance(tag)
	message := sprintf("the job tag %q is not understood", [tag])
	remedy := sprintf("use one of: %s; or qgw:KIND=TEXT with one of: %s", [
		concat(", ", sort(_understood)),
		concat(", ", sort(_kinds)),
	])
}

deny contains result.unknown("data/gateway-tags", "the list of job tags") if not _known

_known if is_array(input.job.tags)

_gateway_tags contains tag if {
	_known
	some tag in input.job.tags
	is_string(tag)
	startswith(tag, "qgw:")
}

_of_provenance(tag) if regex.match(
	`^qgw:(circuit|code|compiler|dataset|label|parent|sdk|seed)(\.[a-z0-9]{1,16})?=[!-~]([ -~]*[!-~])?$`,
	tag,
)

_kinds := {"circuit", "code", "compiler", "dataset", "label", "parent", "sdk", "seed"}

_understood := {
	"qgw:classification=confidential",
	"qgw:classification=internal",
	"qgw:classification=public",
	"qgw:classification=restricted",
	"qgw:placement=requested",
	"qgw:rerun=yes",
	"qgw:simulator=allow",
	"qgw:simulator=deny",
}
