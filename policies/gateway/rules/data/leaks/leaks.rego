# METADATA
# title: Nothing leaks through texts
# description: >-
#   Names, tags, metadata, labels, comments and other texts of a submission hold nothing that a rule of `data.org.dlp`
#   denies. What a rule only warns of, or raises the job's label for, is told; what it strips is left out of what is
#   sent, and where that cannot be done the job is denied. Findings say where, and never what.
# related_resources:
#   - docs/reference/policies.md#dataleaks
#   - docs/how-to/data-leaks.md
# custom:
#   owner: platform-security
#   severity: critical
package gateway.rules.data.leaks

import data.gateway.leaks
import data.gateway.result

deny contains result.denial("data/leaks", leaks.words(id), _take_it_out) if {
	some id in leaks.leading_to("deny")
}

deny contains result.denial("data/leaks", message, _take_it_out) if {
	some id in leaks.leading_to("strip")
	not leaks.strippable(id)
	message := sprintf("%s, and it cannot be left out there", [leaks.words(id)])
}

deny contains result.unknown("data/leaks", sprintf("what a finding of the rule %s means", [id])) if {
	some id in leaks.unanswered
}

deny contains result.denial("data/leaks", message, remedy) if {
	input.dlp.complete == false
	message := "the job holds more text than anybody can look through"
	remedy := "leave long comments and notes out of it, or split it"
}

deny contains result.unknown("data/leaks", "what the texts of the job hold") if {
	not leaks.known
	not input.dlp.complete == false
}

warn contains result.warning("data/leaks", leaks.words(id), "see whether it should be there") if {
	some id in leaks.leading_to("warn")
}

warn contains result.warning("data/leaks", message, "see whether it should be there") if {
	some id in leaks.leading_to("raise")
	message := sprintf("%s; the job counts as %s", [
		leaks.words(id),
		object.get(data.org.dlp.rules[id], "label", "what it was called"),
	])
}

warn contains result.warning("data/leaks", message, "nothing; it is gone from what is sent") if {
	some id in leaks.leading_to("strip")
	leaks.strippable(id)
	message := sprintf("%s, and is left out", [leaks.words(id)])
}

warn contains result.warning("data/leaks", message, "submit it again to have it looked for") if {
	some id in leaks.unsought
	message := sprintf("nobody has looked for what the rule %s is about", [id])
}

# METADATA
# description: what is left out before the job goes
obligations contains result.obligation("strip", {"of": sort(parts)}) if {
	parts := {part |
		some id in leaks.leading_to("strip")
		leaks.strippable(id)
		some part in leaks.stripped(id)
	}
	count(parts) > 0
}

_take_it_out := "take it out of the job; a secret that was sent once should be replaced, too"
