"""Benchmarks: what the gateway costs, measured as ratios within one run. `make bench` writes the reference page.

Nothing here is a test: a timed assertion would fail on a busy machine and teach people to run it again. Each
module of `paths` measures one path; everything it starts is on loopback, bounded in count and time, and ended.
"""
