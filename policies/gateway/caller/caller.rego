# METADATA
# title: Caller
# description: What the roles of the key give its holder. Roles and their permissions stand in `data.org.roles`.
package gateway.caller

# METADATA
# description: the roles of the key; none when they are not known
default roles := []

roles := input.key.roles if is_array(input.key.roles)

# METADATA
# description: those of them that may submit jobs
submitting_roles contains role if {
	some role in roles
	"job.submit" in data.org.roles[role].permissions
}
