package gateway.rules.data.gateway_tags_test

import data.gateway.rules.data.gateway_tags as rule
import data.gateway.testing

test_allows[name] if {
	some name, tags in {
		"no tags": [],
		"tags of the caller's own": ["paper", "qgwx"],
		"every tag that is understood": ["qgw:classification=restricted", "qgw:simulator=deny"],
		"tags of provenance": ["qgw:code=git:4be1c7f", "qgw:dataset=doi:10.5281/zenodo.7", "qgw:compiler=tket 2.9", "qgw:seed=7"],
		"several of a kind": ["qgw:dataset=a", "qgw:dataset.2=b", "qgw:parent.x=d2q0", "qgw:label=x=y"],
	}

	count(rule.deny) == 0 with input as testing.changed({"job": {"tags": tags}})
}

test_denies[name] if {
	some name, tags in {
		"a label nobody knows": ["qgw:classification=secret"],
		"another spelling": ["qgw:simulator=Allow"],
		"tags unknown": null,
		"a tag of provenance without a text": ["qgw:code="],
		"a text that ends in a space": ["qgw:code=abc "],
		"a text that is not ASCII": ["qgw:label=été"],
		"two lines": ["qgw:label=a\nqgw:x=b"],
		"a suffix that is none": ["qgw:dataset.=a"],
		"a kind nobody knows": ["qgw:author=ada"],
	}

	count(rule.deny) == 1 with input as testing.changed({"job": {"tags": tags}})
}
