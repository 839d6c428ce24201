# METADATA
# title: Provenance
# description: >-
#   What a job says of where it comes from, and what it may lack by `data.org.provenance`. It stands outside
#   `gateway.rules`, so that it is found only for work that is not excused whole.
package gateway.provenance

# METADATA
# description: the fields that are expected wherever a job goes, as `gateway.domain.provenance` names them
expected := {
	"backend.asked", "circuit.count", "circuit.digest", "circuit.encodings", "code.revision", "data.classification",
	"data.datasets", "options.digest", "parameters.bindings", "parameters.count", "payload.digest", "shots",
	"software.compiler", "software.sdk",
}

# METADATA
# description: the expected fields that are neither known nor excused
lacking := (expected - _known) - _excused

# METADATA
# description: what to do about it
default remedy := "see why the job could not be measured; docs/how-to/provenance.md tells of each field"

remedy := sprintf("tag the job with %s; docs/how-to/provenance.md shows how with each SDK", [concat(", ", _missing_tags)]) if {
	count(_missing_tags) > 0
}

default _known := set()

_known := {name | some name in input.provenance.known} if is_array(input.provenance.known)

_table := data.org.provenance.may_lack[input.job.workload_class]

default _excused := set()

_excused := {name | some name in _table} if is_array(_table)

_missing_tags := [tag |
	some name in sort(lacking)
	tag := _tags[name]
]

_tags := {
	"code.revision": "qgw:code=COMMIT",
	"data.datasets": "qgw:dataset=REFERENCE or qgw:dataset=none",
	"software.compiler": "qgw:compiler=NAME VERSION",
	"software.sdk": "qgw:sdk=NAME VERSION",
}
