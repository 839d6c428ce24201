package gateway.rules.wire.unknown_fields_test

import data.gateway.rules.wire.unknown_fields as rule
import data.gateway.testing

test_allows_known_fields if count(rule.deny | rule.warn) == 0 with input as testing.facts with data.org.wire as _modes

test_allows_as_the_table_says[name] if {
	some name, [class, warnings] in {
		"with a warning": ["experimental", 1],
		"in silence": ["playground", 0],
	}

	count(rule.deny) == 0 with input as _strange(class) with data.org.wire as _modes
	count(rule.warn) == warnings with input as _strange(class) with data.org.wire as _modes
}

test_denies[name] if {
	some name, facts in {
		"production work": _strange("production"),
		"a class without a row": _strange("medical"),
		"fields unknown": testing.without("wire/unknown_fields"),
	}

	count(rule.deny) == 1 with input as facts with data.org.wire as _modes
}

_strange(class) := testing.changed({"job": {"workload_class": class}, "wire": {"unknown_fields": ["/params/extra"]}})

_modes := {"unknown_fields": {"experimental": "warn", "playground": "allow", "production": "deny"}}
