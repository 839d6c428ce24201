# METADATA
# title: Witnesses
# description: >-
#   How many witnesses must have seen the ledger before a job goes, by `data.org.witnesses`, and which have. It stands
#   outside `gateway.rules`, so that witnesses are counted only where any are needed.
package gateway.witnesses

# METADATA
# description: how many must have seen it, the larger number of the job's classification and of its workload class
needed := max([of_class, of_work]) if {
	of_class := _number(data.org.witnesses.classification[input.job.classification])
	of_work := _number(data.org.witnesses.workload_class[input.job.workload_class])
}

# METADATA
# description: how long ago that may be, in seconds
limit := data.org.witnesses.age_seconds

# METADATA
# description: the names of those that have seen it lately
fresh contains name if {
	is_array(input.ledger.witnesses)
	is_number(limit)
	some witness in input.ledger.witnesses
	is_number(witness.age_seconds)
	witness.age_seconds <= limit
	name := witness.name
}

# METADATA
# description: whether it can be said at all
known if needed == 0

known if {
	needed > 0
	is_number(limit)
	is_array(input.ledger.witnesses)
}

_number(demand) := demand if is_number(demand)

_number(demand) := input.ledger.required if {
	demand == "settings"
	is_number(input.ledger.required)
}
