"""How a dialect's client submits a tiny job, so that the self-test goes through the front door as everybody does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from gateway.domain.secret import Secret
from gateway.ports.dialect import SigningPair

FAR = 10**12
"""Shots beyond every limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who asks: a key, and what signs in its place."""

    key: Secret
    pair: SigningPair


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as far as a proof of who sends it needs it."""

    method: str
    host: str
    path: str
    """As it travels, encoded."""
    body: bytes
    at: datetime


def shown(scheme: str) -> Callable[[Holder, Asked], Mapping[str, str]]:
    """Show the key itself, behind one word."""
    return lambda holder, _: {"authorization": f"{scheme} {holder.key.reveal().decode()}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A client in a few words. Jobs are JSON objects with a `status`."""

    jobs: str
    """Path of the collection, mount included: POST submits, and below it are GET and DELETE of one."""
    proof: Callable[[Holder, Asked], Mapping[str, str]]
    """Writes the headers that say who asks."""
    body: Callable[[str, int], bytes]
    """Writes a submission of one small circuit for a backend and a number of shots."""
    unreadable: Callable[[str], bytes]
    """Writes one whose circuit nobody can read."""
    results: Callable[[str, Mapping[str, Any]], str]
    """Gives the path of a job's results, by its own path and what it says of itself."""
    completed: str
    """What `status` is once there are results, in lower case."""
    ended: frozenset[str]
    """What it is, in lower case, once it does not change any more."""
    member: str = "id"
    """What the answer to a submission calls the job's name."""
    deletes: bool = True
    """Whether its clients can delete a job."""
    far: int = FAR
    """Shots beyond every limit, as far as a body may say so."""
    taken: HTTPStatus = HTTPStatus.OK
    """What is answered to a submission that is taken."""
    nobody: HTTPStatus = HTTPStatus.UNAUTHORIZED
    """What is answered to who shows nothing."""
