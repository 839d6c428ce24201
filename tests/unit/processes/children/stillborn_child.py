"""A child that dies while it imports."""

raise RuntimeError("nothing to live for")
