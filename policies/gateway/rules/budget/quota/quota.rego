# METADATA
# title: Quotas that are left
# description: >-
#   A job may not take more jobs, circuits, shots or QPU time than is left of any quota that counts it, what is under
#   way included. What only hardware takes, QPU time and quotas of one vendor, diverts the job where
#   `data.org.budgets.over` is `simulator`. Past a soft limit it warns.
# related_resources:
#   - docs/reference/policies.md#budgetquota
# custom:
#   owner: quantum-operations
#   severity: high
package gateway.rules.budget.quota

import data.gateway.budgets
import data.gateway.result

divert contains result.diversion("budget/quota", budgets.sentence(limit), _remedy) if {
	some limit in _quotas
	budgets.exceeded(limit)
	_elsewhere_free(limit)
}

deny contains result.denial("budget/quota", budgets.sentence(limit), _remedy) if {
	some limit in _quotas
	budgets.exceeded(limit)
	not _elsewhere_free(limit)
}

warn contains result.warning("budget/quota", budgets.sentence(limit), "ask who keeps the quota whether it will do") if {
	some limit in _quotas
	budgets.warned(limit)
}

_quotas := [limit |
	some limit in budgets.limits
	not limit.unit == "money"
]

_elsewhere_free(limit) if {
	budgets.divertible
	limit.unit == "qpu-milliseconds"
}

_elsewhere_free(limit) if {
	budgets.divertible
	is_string(limit.upstream)
	limit.upstream != ""
}

_remedy := "make the job smaller, wait until some of it is free again, or ask who keeps the quota for more"
