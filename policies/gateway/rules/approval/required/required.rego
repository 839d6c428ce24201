# METADATA
# title: A second person approves
# description: >-
#   A job that a row of `data.org.approvals` counts waits until somebody with the row's permission or role approves it,
#   and is decided once more then. Nobody approves what they submitted themselves.
# related_resources:
#   - docs/reference/policies.md#approvalrequired
#   - docs/how-to/approvals.md
# custom:
#   owner: platform-security
#   severity: high
package gateway.rules.approval.required

import data.gateway.approvals
import data.gateway.result

deny contains result.denial("approval/required", message, "ask somebody else to approve it, and submit it again") if {
	approvals.by_another == false
	message := "it was approved by who submitted it, or by nobody knows whom"
}

deny contains result.unknown("approval/required", "whether a second person approved it") if {
	not approvals.heard
}

deny contains result.unknown("approval/required", "which jobs a second person must approve") if {
	not approvals.known
}

obligations contains result.obligation("require-approval", object.remove(row, ["if"])) if {
	some row in approvals.open
}
