"""How a dialect's client submits a tiny job, so that the self-test goes through the front door as everybody does."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A client in a few words. Jobs are JSON objects with `id` and `status`."""

    jobs: str
    """Path of the collection, mount included: POST submits, and below it are GET and DELETE of one."""
    scheme: str
    """What stands before the key in `Authorization`."""
    body: Callable[[str, int], bytes]
    """Writes a submission of one small circuit for a backend and a number of shots."""
    unreadable: Callable[[str], bytes]
    """Writes one whose circuit nobody can read."""
    results: str
    """What follows a job's path to its results."""
    completed: str
    """What `status` is once there are results, in lower case."""
    ended: frozenset[str]
    """What it is, in lower case, once it does not change any more."""
