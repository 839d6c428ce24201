package gateway.constraints.templates

maximum contains {"constraint": id, "msg": msg} if {
	some id, constraint in data.org.constraints.list
	constraint.template == "maximum"
	value := object.get(input, split(constraint.path, "."), null)
	not within(value, constraint.most)
	msg := sprintf("%s is %v, at most %v", [constraint.path, value, constraint.most])
}

within(value, most) if {
	is_number(value)
	value <= most
}

unknown contains {"constraint": id, "msg": msg} if {
	some id, constraint in data.org.constraints.list
	constraint.template == "unknown"
	some noun in constraint.nouns
	nulls := [concat(".", [format_int(step, 10) | is_number(step)]) |
		walk(object.get(input, noun, null), [path, value])
		value == null
		some step in [count(path)]
	]
	count(nulls) > object.get(constraint, "most", 0)
	msg := sprintf("%d facts of %s are unknown", [count(nulls), noun])
}

words contains {"constraint": id, "msg": msg} if {
	some id, constraint in data.org.constraints.list
	constraint.template == "words"
	some path, text in {"project": input.project.name, "sdk": input.wire.sdk, "label": input.key.label}
	is_string(text)
	some pattern in constraint.patterns
	regex.match(pattern, lower(trim_space(text)))
	msg := sprintf("%s says %q", [path, text])
}

window contains {"constraint": id, "msg": "not at this time"} if {
	some id, constraint in data.org.constraints.list
	constraint.template == "window"
	regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z$`, input.time.now)
	now := time.parse_rfc3339_ns(input.time.now)
	[from, until] := [time.parse_rfc3339_ns(each) | some each in constraint.between]
	not between(now, from, until)
}

between(now, from, until) if {
	from <= now
	now < until
}
