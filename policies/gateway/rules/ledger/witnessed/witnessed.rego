# METADATA
# title: The ledger is witnessed
# description: >-
#   Before risky work, so many witnesses outside the gateway must have seen the ledger lately. How many stands in
#   `data.org.witnesses`, by classification and by workload class; the larger number counts, and `settings` is what
#   the setting witnesses_required demands.
# related_resources:
#   - docs/reference/policies.md#ledgerwitnessed
# custom:
#   owner: platform-security
#   severity: high
package gateway.rules.ledger.witnessed

import data.gateway.names
import data.gateway.result
import data.gateway.witnesses

deny contains result.denial("ledger/witnessed", message, remedy) if {
	witnesses.needed > 0
	witnesses.needed > count(witnesses.fresh)
	message := sprintf("%d witnesses saw the ledger in the last %d minutes, and %s work needs %d", [
		count(witnesses.fresh),
		floor(witnesses.limit / 60),
		names.workload,
		witnesses.needed,
	])
	remedy := "ask the operator of the gateway to see to its witnesses, and try again"
}

deny contains result.denial("ledger/witnessed", "the ledger signs nothing any more", remedy) if {
	witnesses.needed > 0
	not input.ledger.refused == false
	remedy := "ask the operator of the gateway; docs/runbooks/checkpoint-refused.md tells what happened"
}

deny contains result.unknown("ledger/witnessed", "how many witnesses must have seen the ledger, and when") if {
	not witnesses.known
}
