"""The console: pages for people, rendered here, below `/console`. Nothing on them is loaded from elsewhere."""
