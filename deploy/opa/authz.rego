# METADATA
# title: Who may ask this OPA
# description: >-
#   Decisions and the state of bundles, for whoever has the token; health for everybody; nothing else for anybody, so
#   that policies come from signed bundles only. The token is in the environment variable GATEWAY_OPA_TOKEN.
package system.authz

default allow := false

allow if input.path == ["health"]

allow if {
	_asked in _open
	_known
}

_open := {
	"POST v1/data/gateway/main/decision",
	"GET v1/status",
}

_asked := sprintf("%s %s", [input.method, concat("/", input.path)])

_known if {
	token := opa.runtime().env.GATEWAY_OPA_TOKEN
	count(token) >= 16
	input.identity == token
}
