# METADATA
# title: Budget and price agree on a currency
# description: >-
#   A job that costs something is priced in the currency of every budget that counts it: nothing here converts money.
#   On hardware it diverts the job as being over budget does.
# related_resources:
#   - docs/reference/policies.md#budgetcurrency
# custom:
#   owner: finance
#   severity: high
package gateway.rules.budget.currency

import data.gateway.budgets
import data.gateway.result

divert contains result.diversion("budget/currency", _message(limit), _remedy) if {
	some limit in _foreign
	budgets.divertible
}

deny contains result.denial("budget/currency", _message(limit), _remedy) if {
	some limit in _foreign
	not budgets.divertible
}

_foreign := [limit |
	some limit in budgets.limits
	limit.unit == "money"
	is_number(limit.needed)
	limit.needed > 0
	not limit.currency == input.quote.currency
]

_message(limit) := sprintf("the budget '%s' is kept in %s, and this job is priced in %s on %s", [
	budgets.text(limit, "name"),
	budgets.text(limit, "currency"),
	result.words(["quote", "currency"], "no known currency"),
	result.words(["backend", "asked"], "the backend"),
])

_remedy := "ask the operator to keep the budget in the currency of the prices, or to price the backend in the budget's"
