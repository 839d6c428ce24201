# METADATA
# title: Role may submit
# description: >-
#   Submitting needs the permission `job.submit`, from any role of the key. Roles stand in `data.org.roles`.
# related_resources:
#   - docs/reference/policies.md#accessrole-may-submit
# custom:
#   owner: platform-security
#   severity: high
package gateway.rules.access.role_may_submit

import data.gateway.caller
import data.gateway.result

deny contains result.denial("access/role-may-submit", message, "use a key with a role that may submit") if {
	count(caller.submitting_roles) == 0
	message := sprintf("no role of this key (%s) has the permission job.submit", [_listed(caller.roles)])
}

_listed(roles) := concat(", ", sort(roles)) if {
	count(roles) > 0
} else := "none"
