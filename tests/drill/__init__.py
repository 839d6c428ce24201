"""Drills: the gateway under faults and outages of its vendors, as long as an operator wants to watch."""
