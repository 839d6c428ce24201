package gateway.defaults

default effective := {"most": {}, "labels": [], "regions": [], "closed": []}

effective := object.union_n([data.org.merged.every, by_team, by_class])

default by_team := {}

by_team := data.org.merged.teams[input.project.team]

by_class := json.patch(
	object.get(data.org.merged.classes, input.job.workload_class, {}),
	[{"op": "add", "path": "/regions", "value": data.org.merged.every.regions}],
)
