# METADATA
# title: Hardware has a price
# description: >-
#   A job that cannot be priced does not run on hardware.
# related_resources:
#   - docs/reference/policies.md#backendpriced
# custom:
#   owner: quantum-operations
#   severity: high
package gateway.rules.backend.priced

import data.gateway.names
import data.gateway.result

divert contains result.diversion("backend/priced", message, "ask the operator to price it") if {
	input.backend.known == true
	not input.backend.kind == "simulator"
	not _priced
	message := sprintf("this job has no price on %s", [names.backend])
}

_priced if is_number(input.quote.amount_micros)
