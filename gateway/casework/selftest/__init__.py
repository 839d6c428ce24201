"""The self-test: whether every rule still works, and whether submissions still go as they should, asked every minute.

Three parts, each of which sees what the others cannot. `rules` takes the rules of a revision by themselves and lets
them decide what this release knows, so that a weakened rule is found however its own self-tests were changed. `engines`
asks whatever decides now, each OPA server too, and compares it with a fresh engine, so that policies which were changed
where they run are found. `visits` goes through the front door as synthetic principals.
"""
