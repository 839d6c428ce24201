"""Tasks over several rooms, used by the command line, HTTP and workers alike."""
