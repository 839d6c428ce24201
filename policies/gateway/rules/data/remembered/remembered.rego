# METADATA
# title: Labels are remembered
# description: >-
#   A job counts as no less sensitive than any of its circuits ever did, whatever names, angles or qubits it has now; who
#   submits such a circuit again is told. What is done about circuits that only resemble a more sensitive one stands in
#   `data.org.labels`.
# related_resources:
#   - docs/reference/policies.md#dataremembered
# custom:
#   owner: platform-security
#   severity: critical
package gateway.rules.data.remembered

import data.gateway.labels
import data.gateway.result

deny contains result.unknown("data/remembered", "what the job's circuits were labelled before") if not labels.known

deny contains result.denial("data/remembered", message, labels.lower) if {
	labels.remembered > labels.counted
	message := sprintf("one of its circuits was labelled %s, and the job counts as less", [input.job.remembered_classification])
}

deny contains result.denial("data/remembered", message, _remedy) if {
	_answer == "deny"
	message := _resembling(input.job.resembled_classification)
}

deny contains result.unknown("data/remembered", "what is done about circuits that resemble others") if {
	_resembles
	not _decided
}

warn contains result.warning("data/remembered", message, labels.lower) if {
	labels.raised
	message := sprintf("one of its circuits was labelled %s before, so the job counts as %s", [
		input.job.remembered_classification,
		input.job.classification,
	])
}

warn contains result.warning("data/remembered", message, _remedy) if {
	_answer == "warn"
	message := _resembling(input.job.resembled_classification)
}

_resembles if labels.resembled > labels.counted

_decided if _answer in {"ignore", "warn", "deny"}

_answer := data.org.labels.resembling if _resembles

_resembling(label) := sprintf("one of its circuits resembles one that was labelled %s", [label])

_remedy := "if it is the same work, submit it with the tag qgw:classification= and that label"
