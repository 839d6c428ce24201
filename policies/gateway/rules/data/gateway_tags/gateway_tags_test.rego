package gateway.rules.data.gateway_tags_test

import data.gateway.rules.data.gateway_tags as rule
import data.gateway.testing

test_allows[name] if {
	some name, tags in {
		"no tags": [],
		"tags of the caller's own": ["paper", "qgwx"],
		"every tag that is understood": ["qgw:classification=restricted", "qgw:simulator=deny"],
	}

	count(rule.deny) == 0 with input as testing.changed({"job": {"tags": tags}})
}

test_denies[name] if {
	some name, tags in {
		"a label nobody knows": ["qgw:classification=secret"],
		"another spelling": ["qgw:simulator=Allow"],
		"tags unknown": null,
	}

	count(rule.deny) == 1 with input as testing.changed({"job": {"tags": tags}})
}
