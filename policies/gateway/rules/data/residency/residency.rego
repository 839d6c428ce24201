# METADATA
# title: Data stays where its class allows
# description: >-
#   Vendor, region and execution kind of the place where the job would run match a row of `data.org.residency`
#   for the job's class.
# related_resources:
#   - docs/reference/policies.md#dataresidency
# custom:
#   owner: platform-security
#   severity: critical
package gateway.rules.data.residency

import data.gateway.labels
import data.gateway.placement
import data.gateway.result

deny contains result.denial("data/residency", message, remedy) if {
	place := placement.destination
	not _permitted(place)
	message := sprintf("%v data may not go to a %v of vendor %v in region %v", [
		_label,
		place.kind,
		object.get(place, "vendor", "unknown"),
		object.get(place, "region", "unknown"),
	])
	remedy := labels.remedy("choose a backend in a place approved for this class, or a project with a lower one")
}

deny contains result.unknown("data/residency", "the vendor or region of the place where the job would run") if {
	placement.place
	not placement.destination
}

_permitted(place) if {
	every part in place {
		is_string(part)
	}
	some row in data.org.residency[_label]
	glob.match(row.kind, null, place.kind)
	glob.match(row.vendor, null, place.vendor)
	glob.match(row.region, null, place.region)
}

_label := result.words(["job", "classification"], "unclassified")
