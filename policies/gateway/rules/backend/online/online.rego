# METADATA
# title: Backend takes work
# description: >-
#   Hardware that takes no work now, or whose state is unknown, diverts the job; a simulator asked for by name
#   denies it.
# related_resources:
#   - docs/reference/policies.md#backendonline
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.backend.online

import data.gateway.names
import data.gateway.result

deny contains result.denial("backend/online", message, "try again later or choose another backend") if {
	_down
	input.backend.kind == "simulator"
	message := sprintf("%s takes no work now", [names.backend])
}

divert contains result.diversion("backend/online", message, "try again later or choose another backend") if {
	_down
	not input.backend.kind == "simulator"
	message := sprintf("%s takes no work now", [names.backend])
}

_down if {
	input.backend.known == true
	not input.backend.online == true
}
