"""The command line; the only user of click."""

from gateway.cli.root import main

__all__ = ["main"]
