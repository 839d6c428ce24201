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
	message := sprintf("the payload cannot be read (%s): %s", [_code, _problem])
}

default _code := "unknown"

_code := input.wire.problem_code if is_string(input.wire.problem_code)

default _problem := "no reason is known"

_problem := input.wire.problem if is_string(input.wire.problem)
