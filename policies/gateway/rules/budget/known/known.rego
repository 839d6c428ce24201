# METADATA
# title: Budgets are known
# description: >-
#   Every budget and quota that counts the job could be read, with what is taken of it and what the job would take.
#   Hardware without a price needs no figure: the rule backend/priced speaks of that.
# related_resources:
#   - docs/reference/policies.md#budgetknown
# custom:
#   owner: finance
#   severity: critical
package gateway.rules.budget.known

import data.gateway.budgets
import data.gateway.result

deny contains result.unknown("budget/known", "what is left of the budgets of this job") if not _read

deny contains result.unknown("budget/known", sprintf("a figure of the limit '%s'", [budgets.text(limit, "name")])) if {
	some limit in budgets.limits
	not budgets.known(limit)
	not _unpriced(limit)
}

_read if is_array(input.budget.limits)

_unpriced(limit) if {
	limit.unit == "money"
	limit.needed == null
	input.quote.amount_micros == null
	not input.backend.kind == "simulator"
}
