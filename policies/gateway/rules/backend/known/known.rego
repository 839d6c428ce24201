# METADATA
# title: Backend is known
# description: >-
#   Some upstream offers the backend that was asked for; otherwise the job is diverted.
# related_resources:
#   - docs/reference/policies.md#backendknown
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.backend.known

import data.gateway.result

divert contains result.diversion("backend/known", message, "choose a backend from the list of backends") if {
	not input.backend.known == true
	message := sprintf("no upstream offers %q", [result.words(["backend", "asked"], "unknown")])
}
