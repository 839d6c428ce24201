"""A zygote of obedient children."""

import sys

import obedient_child

from gateway.processes import child, zygote

if __name__ == "__main__":
    child.bind_to_parent()
    zygote.serve_forks(obedient_child.handle, int(sys.argv[1]))
