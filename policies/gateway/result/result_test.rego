package gateway.result_test

import data.gateway.result

test_findings_are_in_order if {
	first := result.denial("a/b", "one", "")
	second := result.denial("a/b", "two", "")
	third := result.warning("c/d", "", "")
	result.in_order({third, second, first}) == [first, second, third]
}

test_only_three_texts_are_a_finding[name] if {
	some name, [value, want] in {
		"a finding": [result.denial("a/b", "m", "r"), true],
		"a part is missing": [{"rule": "a/b", "message": "m"}, false],
		"a part is no text": [{"rule": "a/b", "message": "m", "remedy": null}, false],
	}

	_is_finding(value) == want
}

test_obligations_have_a_kind if {
	result.obligation("limit-execution", {"seconds": 60}) == {"kind": "limit-execution", "parameters": {"seconds": 60}}
}

_is_finding(value) if {
	result.is_finding(value)
} else := false
