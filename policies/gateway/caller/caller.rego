# METADATA
# title: Caller
# description: What the roles of the key give its holder. Roles and their permissions stand in `data.org.roles`.
package gateway.caller

# METADATA
# description: the roles of the key; none when they are not known
default roles := []

roles := input.key.roles if is_array(input.key.roles)

# METADATA
# description: those of them that may submit jobs, each with its row of `data.org.roles`
submitting_roles := {role: row |
	table := data.org.roles
	some role in roles
	row := table[role]
	"job.submit" in row.permissions
}
