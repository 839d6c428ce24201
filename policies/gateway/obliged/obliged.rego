# METADATA
# title: Obliged
# description: >-
#   Which rows of `data.org.obligations` speak about this job. A row has conditions below `when`, each a list of values
#   of which one must be the job's, and what the gateway must do besides. A table that cannot be understood, or facts
#   that a condition needs and that are missing, oblige to nothing: the rules deny then.
package gateway.obliged

import data.gateway.placement

# METADATA
# description: the rows that speak about this job, by table
rows := {name: speaking |
	some name in {"disclosure", "run", "size"}
	speaking := [row |
		some row in _tables[name]
		every condition, values in row.when {
			_job[condition] in values
		}
	]
}

# METADATA
# description: whether every row of a table says something that is known here, about jobs that can be told apart
understood(name, duties) if {
	is_array(_tables[name])
	every row in _tables[name] {
		is_array_of_lists(row.when)
		object.keys(row.when) - _conditions == set()
		said := object.keys(row) - {"when"}
		count(said) > 0
		said - duties == set()
	}
}

# METADATA
# description: whether what a row may ask about a job is known; a job without a place is nobody's to judge
known if not placement.place

known if {
	every _, fact in object.remove(_job, ["vendor"]) {
		is_string(fact)
	}
}

# METADATA
# description: whether a value is an object that holds nothing but lists
is_array_of_lists(value) if {
	is_object(value)
	every _, inner in value {
		is_array(inner)
	}
}

# Named once: an engine that looks up a table should do so once.
_tables := data.org.obligations

_conditions := {"backend", "classification", "dialect", "kind", "program", "project", "region", "team", "vendor", "workload"}

_job := {
	"backend": input.backend.asked,
	"classification": input.job.classification,
	"dialect": input.job.dialect,
	"kind": placement.destination.kind,
	"program": input.job.program,
	"project": input.project.name,
	"region": placement.destination.region,
	"team": input.project.team,
	"vendor": placement.destination.vendor,
	"workload": input.job.workload_class,
}
