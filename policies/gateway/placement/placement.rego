# METADATA
# title: Placement
# description: >-
#   Where the job would run. Rules of the areas `backend` and `budget` may divert a job from the hardware it asked
#   for; a simulator takes its place where the caller consents, and otherwise every diversion is a denial.
package gateway.placement

import data.gateway.enforcement
import data.gateway.names
import data.gateway.result

# METADATA
# description: where the job runs, and why it is not the hardware that was asked for; undefined when it runs nowhere
place := {"kind": "requested", "reason": ""} if {
	_asked_kind == "hardware"
	count(_diversions) == 0
}

place := {"kind": "simulator", "reason": sprintf("%s is an emulated device: a simulator computes the result", [names.backend])} if {
	_asked_kind == "simulator"
	count(_diversions) == 0
	_simulator_not_refused
}

place := {"kind": "simulator", "reason": sprintf("%s; a simulator takes its place, with consent", [_why])} if {
	count(_diversions) > 0
	_fallback
}

# METADATA
# description: vendor, region and kind of the place where the job would run
destination := {"kind": "hardware", "vendor": input.backend.vendor, "region": input.backend.region} if {
	place.kind == "requested"
}

destination := {"kind": "simulator", "vendor": input.backend.vendor, "region": input.backend.region} if {
	place.kind == "simulator"
	_asked_kind == "simulator"
}

destination := object.union({"kind": "simulator"}, data.org.placement.simulator) if {
	place.kind == "simulator"
	not _asked_kind == "simulator"
}

refusals contains result.denial(
	"backend/placement-order",
	sprintf("%s is considered as %v, which is no step of the placement order", [names.backend, step]),
	"ask the operator to add the step to data.org.placement.order",
) if {
	not _step_in_order
	step := object.get(input.backend, "step", "unknown")
}

_step_in_order if input.backend.step in data.org.placement.order

# METADATA
# description: why there is no place to run, as denials that say what would change it
refusals contains enforcement.denial(denial) if {
	some diversion in _diversions
	not _fallback
	remedy := sprintf("%s, or %s", [diversion.remedy, _way_out])
	denial := result.denial(diversion.rule, diversion.message, remedy)
}

# METADATA
# description: diversions of rules that are not hard here, as warnings; the job goes where it asked to
lifted contains enforcement.warning(diversion, why) if {
	some [diversion, why] in _judged
	why != ""
}

refusals contains result.denial(
	"backend/simulator-consent",
	sprintf("%s is a simulator, and the job tag qgw:simulator=deny forbids one", [names.backend]),
	"remove the tag qgw:simulator=deny, or choose hardware",
) if {
	_asked_kind == "simulator"
	not _simulator_not_refused
}

_asked_kind := input.backend.kind if input.backend.known == true

_diversions contains diversion if {
	some [diversion, ""] in _judged
}

_judged contains [diversion, why] if {
	some rule
	some diversion in data.gateway.rules.backend[rule].divert
	why := enforcement.lifted("backend", rule, diversion)
}

# What is left to spend is the books' to say, which lift nothing.
_judged contains [diversion, ""] if {
	some diversion in data.gateway.rules.budget[_].divert
}

_why := concat("; ", sort([diversion.message | some diversion in _diversions]))

_fallback if {
	input.simulator.enabled == true
	"simulator" in data.org.placement.order
	_consent
}

# The most specific word counts: the job's tag, then the name asked for, then the key, then the project.
_consent if input.job.simulator_consent == true

_consent if {
	input.job.simulator_consent == null
	is_string(input.backend.asked)
	startswith(input.backend.asked, "sim_")
}

_consent if {
	input.job.simulator_consent == null
	input.key.simulator_consent == true
}

_consent if {
	input.job.simulator_consent == null
	input.key.simulator_consent == null
	input.project.simulator_consent == true
}

_simulator_not_refused if input.job.simulator_consent in {true, null}

_way_out := "allow a simulator for this job with the tag qgw:simulator=allow" if {
	input.simulator.enabled == true
} else := "ask the operator for a simulator that can run it"
