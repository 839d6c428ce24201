package gateway.lib.numbers

# at_least(x, n): false, never undefined, when x is no number
default at_least(_, _) := false

at_least(x, n) if {
	is_number(x)
	x >= n
}

days(seconds) := floor(seconds / 86400)
