# METADATA
# title: Principal is enabled
# description: >-
#   A disabled principal submits nothing, whatever its keys say.
# related_resources:
#   - docs/reference/policies.md#accessprincipal-enabled
# custom:
#   owner: platform-security
#   severity: high
package gateway.rules.access.principal_enabled

import data.gateway.result

deny contains result.denial("access/principal-enabled", message, "ask an administrator to enable it") if {
	not input.principal.disabled == false
	message := sprintf("the principal %q is disabled, or its state is unknown", [result.words(["principal", "name"], "unknown")])
}
