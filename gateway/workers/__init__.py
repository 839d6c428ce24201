"""The serving processes and their clocks."""
