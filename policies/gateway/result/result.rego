# METADATA
# title: Results
# description: The only builders of what a rule may say. Every denial, warning and diversion has the same three fields.
package gateway.result

# METADATA
# description: the job may not go; the remedy tells the caller what to do about it
denial(rule, message, remedy) := _finding(rule, message, remedy)

# METADATA
# description: the job may go, and its caller should know something
warning(rule, message, remedy) := _finding(rule, message, remedy)

# METADATA
# description: the job cannot go where it was asked to; a simulator may take its place where the caller consents
diversion(rule, message, remedy) := _finding(rule, message, remedy)

# METADATA
# description: a denial because something that the rule needs is not known
unknown(rule, what) := denial(
	rule,
	sprintf("%s is unknown, and what is unknown is not allowed", [what]),
	"ask the operator of the gateway to look into it",
)

# METADATA
# description: something the gateway must do when it lets the job go; a kind it does not know denies the job
obligation(kind, parameters) := {"kind": kind, "parameters": parameters}

# METADATA
# description: a fact as text for a message, whatever its type; a message must never be undefined
words(path, otherwise) := fact if {
	fact := object.get(input, path, null)
	is_string(fact)
} else := otherwise

# METADATA
# description: findings in the order of their rules, as plain lists sort alike on every engine
in_order(findings) := [_finding(rule, message, remedy) |
	some [rule, message, remedy] in sort([[f.rule, f.message, f.remedy] | some f in findings])
]

# METADATA
# description: whether a value has exactly the three texts of a finding
is_finding(value) if {
	is_object(value)
	object.keys(value) == {"rule", "message", "remedy"}
	every text in value {
		is_string(text)
	}
}

_finding(rule, message, remedy) := {"rule": rule, "message": message, "remedy": remedy}
