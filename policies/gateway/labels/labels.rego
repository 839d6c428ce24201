# METADATA
# title: Labels
# description: >-
#   How sensitive a job is by what it declares, by what its circuits were labelled before, and by what they resemble, as
#   numbers. Facts from before labels were remembered say nothing of the past.
package gateway.labels

import data.gateway.result

# METADATA
# description: least sensitive first
ranks := {"public": 0, "internal": 1, "confidential": 2, "restricted": 3}

# METADATA
# description: the label by which the job is judged
counted := ranks[input.job.classification]

# METADATA
# description: the highest label of project, key, tags and what was found in the submission
declared := ranks[_said("declared_classification", result.words(["job", "classification"], ""))]

# METADATA
# description: the highest label that one of its circuits was ever given
remembered := ranks[_said("remembered_classification", "public")]

# METADATA
# description: the highest label of circuits that its circuits resemble
resembled := ranks[_said("resembled_classification", "public")]

# METADATA
# description: whether all of this can be said
known if {
	is_number(counted)
	is_number(declared)
	is_number(remembered)
	is_number(resembled)
}

# METADATA
# description: whether the job counts as more than it declares because of what its circuits were labelled
raised if remembered > declared

# METADATA
# description: the remedy where a label stands in the way; `otherwise` where it is the one that the job declares
remedy(otherwise) := sprintf("%s; one of its circuits was labelled so before: %s", [otherwise, lower]) if {
	raised
} else := otherwise

# METADATA
# description: who can take a remembered label back
lower := "if that was a mistake, ask an administrator (gateway labels lower)"

_said(key, otherwise) := object.get(input, ["job", key], otherwise)
