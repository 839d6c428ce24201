"""Nouns and frozen writes: standard library only, no I/O, no clock reads."""
