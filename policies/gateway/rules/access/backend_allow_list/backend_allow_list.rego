# METADATA
# title: Backend is on the allow-lists
# description: >-
#   The backend asked for matches a pattern of the project, where the project has any, and a pattern of a role
#   that may submit. A simulator that takes its place is a matter of consent, not of these lists.
# related_resources:
#   - docs/reference/policies.md#accessbackend-allow-list
# custom:
#   owner: platform-security
#   severity: high
package gateway.rules.access.backend_allow_list

import data.gateway.caller
import data.gateway.result

deny contains result.denial("access/backend-allow-list", message, "choose a backend that the project may use") if {
	not _project_allows
	message := sprintf("the project %q does not list the backend %q", [_fact("project", "name"), _fact("backend", "asked")])
}

deny contains result.denial("access/backend-allow-list", message, "use a key with a role that may use it") if {
	count(caller.submitting_roles) > 0
	not _role_allows
	message := sprintf("no role of this key may use the backend %q", [_fact("backend", "asked")])
}

_project_allows if input.project.backends == null

_project_allows if {
	is_array(input.project.backends)
	some pattern in input.project.backends
	_matches(pattern)
}

_role_allows if {
	some role in caller.submitting_roles
	some pattern in role.backends
	_matches(pattern)
}

_matches(pattern) if {
	is_string(pattern)
	is_string(input.backend.asked)
	glob.match(pattern, null, input.backend.asked)
}

_fact(noun, key) := result.words([noun, key], "unknown")
