# METADATA
# title: Fields are known
# description: >-
#   Fields of a submission that no model of the gateway knows are denied, warned about or allowed, as
#   `data.org.wire` says for the workload class.
# related_resources:
#   - docs/reference/policies.md#wireunknown-fields
# custom:
#   owner: platform-security
#   severity: medium
package gateway.rules.wire.unknown_fields

import data.gateway.result

deny contains result.denial("wire/unknown-fields", message, "remove these fields, or ask the operator to allow them") if {
	_present
	not _tolerated
	message := sprintf("the gateway does not know these fields: %s", [_listed(input.wire.unknown_fields)])
}

deny contains result.unknown("wire/unknown-fields", "whether the submission has unknown fields") if {
	not _known
}

warn contains result.warning("wire/unknown-fields", message, "check their spelling and the version of the SDK") if {
	_present
	_mode == "warn"
	message := sprintf("the gateway does not know these fields and passes them on unread: %s", [_listed(input.wire.unknown_fields)])
}

_known if is_array(input.wire.unknown_fields)

_present if {
	_known
	count(input.wire.unknown_fields) > 0
}

default _mode := "deny"

_mode := data.org.wire.unknown_fields[input.job.workload_class]

_tolerated if _mode in {"allow", "warn"}

_listed(fields) := concat(", ", array.slice(sort(fields), 0, 10))
