# METADATA
# title: Payload is readable
# description: >-
#   A payload that could not be read and measured in time is refused with the reader's own words.
# related_resources:
#   - docs/reference/policies.md#wirereadable
# custom:
#   owner: platform-security
#   severity: high
package gateway.rules.wire.readable

import data.gateway.result

deny contains result.denial("wire/readable", message, "submit circuits that the gateway can read") if {
	not input.wire.readable == true
	message := sprintf("the payload cannot be read (%s): %s", [
		result.words(["wire", "problem_code"], "unknown"),
		result.words(["wire", "problem"], "no reason is known"),
	])
}
