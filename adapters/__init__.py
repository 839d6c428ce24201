"""Vendor adapters, found by entry point; the house never imports one."""
