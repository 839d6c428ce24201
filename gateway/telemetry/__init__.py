"""Logs, event names and metrics."""
