# METADATA
# title: Simulator honours the options
# description: >-
#   Options that a simulator must not ignore deny the job there; options that change nothing there are warned
#   about.
# related_resources:
#   - docs/reference/policies.md#simulatoroptions
# custom:
#   owner: quantum-operations
#   severity: medium
package gateway.rules.simulator.options

import data.gateway.placement
import data.gateway.result

deny contains result.denial("simulator/options", message, "remove these options, or choose hardware") if {
	placement.place.kind == "simulator"
	is_array(input.simulator.options_refused)
	count(input.simulator.options_refused) > 0
	message := sprintf("a simulator refuses the options %s", [_list(input.simulator.options_refused)])
}

deny contains result.unknown("simulator/options", "which options the simulator refuses") if {
	placement.place.kind == "simulator"
	not _known
}

warn contains result.warning("simulator/options", message, "read the result as one without these options") if {
	placement.place.kind == "simulator"
	is_array(input.simulator.options_not_applied)
	count(input.simulator.options_not_applied) > 0
	message := sprintf("on a simulator these options change nothing: %s", [_list(input.simulator.options_not_applied)])
}

_known if is_array(input.simulator.options_refused)

_list(options) := concat(", ", sort(options))
