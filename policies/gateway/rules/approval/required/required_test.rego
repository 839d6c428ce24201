package gateway.rules.approval.required_test

import data.gateway.rules.approval.required as rule
import data.gateway.testing

test_allows[name] if {
	some name, facts in {
		"what nobody approved": testing.on_hardware({}),
		"what somebody else approved": _approved({}),
		"facts of before approvals": object.remove(testing.facts, ["approval"]),
	}

	count(rule.deny) == 0 with input as facts with data.org.approvals as _table({})
}

test_denies[name] if {
	some name, facts in {
		"what its submitter approved": _approved({"by": "p-1"}),
		"what nobody knows who approved": _approved({"by": null}),
		"what nobody knows who submitted": object.union(_approved({}), {"principal": {"id": null}}),
		"what nobody knows whether it was approved": _approved({"granted": null}),
	}

	count(rule.deny) == 1 with input as facts with data.org.approvals as {"rows": []}
}

test_denies_where_the_table_cannot_be_read[name] if {
	some name, table in {
		"no table": {},
		"no list": {"rows": {}},
		"a condition that nobody knows": _table({"moon": ["full"]}),
		"a pattern that is no text": _table({"projects": [7]}),
		"no conditions": {"rows": [object.remove(_row({}), ["if"])]},
		"nobody who could approve": {"rows": [object.union(_row({}), {"permission": null})]},
		"two who could approve": {"rows": [object.union(_row({}), {"role": "lead"})]},
		"a role that does not exist": {"rows": [object.union(object.remove(_row({}), ["permission"]), {"role": "king"})]},
		"a word of its own": {"rows": [object.union(_row({}), {"note": "x"})]},
		"an amount that is none": _table({"cost_over": {"EUR": "5"}}),
		"amounts without currencies": _table({"cost_over": [5]}),
		"shots that are none": _table({"shots_over": "many"}),
		"patterns that are no list": _table({"projects": {"first": "chem*"}}),
		"conditions that are a list": {"rows": [object.union(_row({}), {"if": []})]},
		"a reason that is none": {"rows": [object.union(_row({}), {"reason": 7})]},
		"a time that is none": {"rows": [object.union(_row({}), {"hours": "a day"})]},
	}

	count(rule.deny) == 1 with input as testing.facts with data.org.approvals as table with data.org.roles as _roles
}

test_asks_where_every_condition_holds[name] if {
	some name, conditions in {
		"of everybody": {},
		"of the project": {"projects": ["chem*"]},
		"of the backend": {"backends": ["ibm_*"]},
		"of hardware": {"kinds": ["hardware"]},
		"of the label": {"classifications": ["internal", "restricted"]},
		"of the class": {"workload_classes": ["experimental"]},
		"of many shots": {"shots_over": 999},
		"of a dear job": {"cost_over": {"EUR": 1599999}},
		"in a currency that no amount is named in": {"cost_over": {"USD": 9000000}},
		"of both": {"projects": ["chemistry"], "shots_over": 10},
	}

	count(rule.obligations) == 1 with input as testing.on_hardware({}) with data.org.approvals as _table(conditions)
}

test_asks_for_what_the_row_says if {
	asked := rule.obligations with input as testing.on_hardware({}) with data.org.approvals as _table({})
	asked == {_asked}
}

test_asks_nobody_where_the_table_cannot_be_read if {
	table := {"rows": [_row({}), "no row"]}
	count(rule.obligations) == 0 with input as testing.on_hardware({}) with data.org.approvals as table
}

test_asks_nobody[name] if {
	some name, conditions in {
		"of another project": {"projects": ["physics"]},
		"of another backend": {"backends": ["sim_*"]},
		"of simulators": {"kinds": ["simulator"]},
		"of another label": {"classifications": ["restricted"]},
		"of another class": {"workload_classes": ["production"]},
		"as many shots as may be": {"shots_over": 1000},
		"as dear as may be": {"cost_over": {"EUR": 1600000}},
		"where one condition does not hold": {"projects": ["chemistry"], "shots_over": 1000},
	}

	count(rule.obligations) == 0 with input as testing.on_hardware({}) with data.org.approvals as _table(conditions)
}

test_asks_where_a_fact_is_not_known[name] if {
	some name, [patch, conditions] in {
		"shots": [{"job": {"total_shots": null}}, {"shots_over": 1000}],
		"price": [{"quote": {"amount_micros": null}}, {"cost_over": {"EUR": 9000000}}],
		"place": [{"backend": {"known": false, "name": null}}, {"kinds": ["hardware"], "backends": ["ibm_*"]}],
	}

	count(rule.obligations) == 1 with input as testing.on_hardware(patch) with data.org.approvals as _table(conditions)
}

test_what_was_approved_goes[name] if {
	some name, [patch, row] in {
		"by the permission": [{}, _row({})],
		"by the role": [{}, _by_role("lead")],
		"dearer than now": [{"amount_micros": 1600001}, _row({})],
	}

	count(rule.obligations) == 0 with input as _approved(patch)
		with data.org.approvals as {"rows": [row]}
		with data.org.roles as _roles
}

test_an_approval_covers_nothing_else[name] if {
	some name, [patch, row] in {
		"not granted": [{"granted": false}, _row({})],
		"by its submitter": [{"by": "p-1"}, _row({})],
		"by somebody without the permission": [{"roles": ["scientist"]}, _row({})],
		"by somebody without the role": [{}, _by_role("security")],
		"for another backend": [{"backend": "ibm_oslo"}, _row({})],
		"for less money": [{"amount_micros": 1599999}, _row({})],
		"for an amount that is none": [{"amount_micros": "much"}, _row({})],
		"by roles in another shape": [{"roles": {"first": "lead"}}, _row({})],
		"for other money": [{"currency": "USD"}, _row({})],
		"before it had a price": [{"amount_micros": null}, _row({})],
	}

	count(rule.obligations) == 1 with input as _approved(patch)
		with data.org.approvals as {"rows": [row]}
		with data.org.roles as _roles
}

test_what_has_no_price_any_more_is_not_what_was_approved if {
	facts := object.union(_approved({}), {"quote": {"amount_micros": null}})
	count(rule.obligations) == 1 with input as facts with data.org.approvals as _table({}) with data.org.roles as _roles
}

test_what_has_no_price_is_approved_without_one if {
	facts := object.union(_approved({"amount_micros": null}), {"quote": {"amount_micros": null, "currency": null}})
	count(rule.obligations) == 0 with input as facts with data.org.approvals as _table({}) with data.org.roles as _roles
}

_approved(patch) := testing.on_hardware({"approval": object.union(
	{
		"granted": true,
		"by": "p-2",
		"roles": ["lead"],
		"backend": "ibm_lund",
		"amount_micros": 1600000,
		"currency": "EUR",
		"age_seconds": 60,
	},
	patch,
)})

_table(conditions) := {"rows": [_row(conditions)]}

_row(conditions) := object.union(_asked.parameters, {"if": conditions})

_by_role(role) := object.union(object.remove(_row({}), ["permission"]), {"role": role})

_asked := {"kind": "require-approval", "parameters": {"reason": "costly", "hours": 24, "permission": "job.approve"}}

_roles := {
	"lead": {"permissions": ["job.approve"]},
	"scientist": {"permissions": ["job.submit"]},
	"security": {"permissions": ["job.approve"]},
}
