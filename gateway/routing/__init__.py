"""Where a job goes: placement, and forwarding once per permit."""
