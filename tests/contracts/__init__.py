"""Contracts with vendors: golden exchanges, replayed against a fake or the vendor itself to notice what changed."""
