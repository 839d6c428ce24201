# METADATA
# title: Leaks
# description: >-
#   What the texts of a submission hold by the rules of `data.org.dlp`, in words and without the texts. It stands
#   outside `gateway.rules`, so that nothing is put into words where nothing was found.
package gateway.leaks

# METADATA
# description: >-
#   whether the texts were looked through, all of them; facts of gateways that did not look yet say nothing, and a
#   program that could not be read is denied for that
known if not _told

known if {
	is_array(input.dlp.rules)
	is_array(input.dlp.findings)
	input.dlp.complete == true
	every finding in input.dlp.findings {
		_plain(finding)
	}
}

known if {
	input.wire.readable == false
	object.keys(input.dlp) == {"rules", "findings", "complete"}
}

# METADATA
# description: the rules that found something, with everything they found
found[id] contains finding if {
	some finding in input.dlp.findings
	id := finding.rule
	is_string(id)
}

# METADATA
# description: the rules that found something and lead to an action
leading_to(action) := {id |
	some id, _ in found
	data.org.dlp.rules[id].action == action
}

# METADATA
# description: rules that found something, and that the table does not know how to answer
unanswered := {id |
	some id, _ in found
	not _answered(id)
	not _dropped(id)
}

# METADATA
# description: rules of the table that nobody looked for, since the table has them for a shorter time than the facts
unsought := {id |
	is_array(input.dlp.rules)
	some id, _ in data.org.dlp.rules
	not _sought(id)
}

# METADATA
# description: what a rule found and where, in words
words(id) := sprintf("%s was found in %s", [data.org.dlp.rules[id].says, concat(", ", sort(_places(id)))])

# METADATA
# description: what is left out of what is sent, so that a rule's findings do not go along
stripped(id) := {part |
	some finding in found[id]
	part := _parts[finding.place]
}

# METADATA
# description: whether all that a rule found can be left out
strippable(id) if {
	every finding in found[id] {
		finding.place in object.keys(_parts)
	}
}

_told if "dlp" in object.keys(input)

_sought(id) if id in input.dlp.rules

_answered(id) if {
	rule := data.org.dlp.rules[id]
	is_string(rule.says)
	rule.action in {"deny", "raise", "strip", "warn"}
}

# What the table had when the texts were looked through, and has no more, asks for nothing: so the past can be decided
# again without a rule.
_dropped(id) if {
	id in input.dlp.rules
	is_object(data.org.dlp.rules)
	not _listed(id)
}

_listed(id) if id in object.keys(data.org.dlp.rules)

_plain(finding) if {
	object.keys(finding) == {"rule", "place", "circuit", "count"}
	is_string(finding.rule)
	is_string(finding.place)
	is_number(finding.count)
}

_places(id) := {_place(finding) | some finding in found[id]}

_place(finding) := sprintf("%s of circuit %d", [_words(finding.place), finding.circuit]) if is_number(finding.circuit)

_place(finding) := _words(finding.place) if finding.circuit == null

_words(place) := replace(trim_prefix(place, "circuit-"), "-", " ")

_parts := {
	"tags": "tags",
	"metadata": "metadata",
	"circuit-metadata": "metadata",
	"name": "names",
	"circuit-names": "names",
	"gate-names": "names",
	"gate-labels": "names",
	"parameter-names": "names",
}
