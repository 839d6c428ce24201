"""Asking vendors: everything about it that is not one vendor's. Pace, breakers, polling, memory, and the wire."""
