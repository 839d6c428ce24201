"""One module for each path that has a budget; each has a `measure(scale)` that gives an `Outcome`."""
