"""Child processes that die with their parent: framing, limits, deadlines."""
