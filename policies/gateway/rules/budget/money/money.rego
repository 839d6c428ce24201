# METADATA
# title: Money that is left
# description: >-
#   A job may not take more money than is left of any budget that counts it, reservations included. Over budget on
#   hardware diverts the job where `data.org.budgets.over` is `simulator`, and denies it otherwise. Past a soft limit
#   it warns.
# related_resources:
#   - docs/reference/policies.md#budgetmoney
# custom:
#   owner: finance
#   severity: high
package gateway.rules.budget.money

import data.gateway.budgets
import data.gateway.result

divert contains result.diversion("budget/money", budgets.sentence(limit), _remedy) if {
	some limit in _money
	budgets.exceeded(limit)
	budgets.divertible
}

deny contains result.denial("budget/money", budgets.sentence(limit), _remedy) if {
	some limit in _money
	budgets.exceeded(limit)
	not budgets.divertible
}

warn contains result.warning("budget/money", budgets.sentence(limit), "ask who keeps the budget whether it will do") if {
	some limit in _money
	budgets.warned(limit)
}

# What is priced in another currency than the budget cannot be compared; budget/currency denies that.
_money := [limit |
	some limit in budgets.limits
	limit.unit == "money"
	limit.currency == input.quote.currency
]

_remedy := "make the job smaller, wait until the budget resets, or ask who keeps it for more"
