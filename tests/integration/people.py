"""Who the integration tests are: several tenants of one gateway, with the keys they hold."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from gateway.casework.inspection import Entry, JobReport
from gateway.casework.keys import Wish
from gateway.casework.projects import Terms
from gateway.domain.classification import Classification
from gateway.domain.principal import PrincipalKind, WorkloadClass
from gateway.settings import load
from gateway.wiring import House, open_house
from tests.running import Gateway

Answer = TypeVar("Answer")

CANARY = "canary-5f1e"
"""Planted wherever a client can put text; must come out nowhere."""

PROJECTS = {
    "alpha": Terms(),
    "beta": Terms(),
    "gamma": Terms(),
    "works": Terms(workload_class=WorkloadClass.PRODUCTION),
    "secrets": Terms(classification_floor=Classification.CONFIDENTIAL),
}


@dataclass(frozen=True)
class Role:
    """One key to be made."""

    principal: str
    project: str
    role: str = "scientist"
    lifetime: timedelta = timedelta(days=1)


CAST = {
    "alice": Role("alice", "alpha"),
    "albert": Role("albert", "alpha"),
    "auditor": Role("audrey", "alpha", role="auditor"),
    "operator": Role("oscar", "alpha", role="operator"),
    "service": Role("sam", "alpha", role="service"),
    "bob": Role("bob", "beta"),
    "mallory": Role("mallory", "gamma"),
    "worker": Role("wendy", "works"),
    "guarded": Role("grace", "secrets"),
    "fleeting": Role("alice", "alpha", lifetime=timedelta(milliseconds=1)),
    "doomed": Role("alice", "alpha"),
    "spare": Role("albert", "alpha"),
    "listening": Role("albert", "alpha"),
    "shut out": Role("dora", "alpha"),
}


@dataclass(frozen=True)
class Keys:
    """The keys by who holds them: their text, and their public part."""

    text: dict[str, str]
    id: dict[str, str]

    def __getitem__(self, who: str) -> str:
        """Give a key's text."""
        return self.text[who]


def within(gateway: Gateway, work: Callable[[House], Awaitable[Answer]]) -> Answer:
    """Do one piece of work on a deployment's state, as the command line would, without the cost of starting one."""
    settings = load(None, {**os.environ, **gateway.environment})

    async def inside() -> Answer:
        async with open_house(settings) as house:
            return await work(house)

    return asyncio.run(inside())


def entries(gateway: Gateway, type_: str) -> list[Entry]:
    """List the ledger's entries of one type, oldest first."""
    return within(gateway, lambda house: house.inspection.entries(since=0, limit=10_000, type_=type_))


def report(gateway: Gateway, job: str) -> JobReport:
    """Look a job up by its client's id, as an auditor would."""
    return within(gateway, lambda house: house.inspection.job(job))


def entry_of(gateway: Gateway, type_: str, job: str) -> dict[str, Any]:
    """Give the newest entry of a type that is about a job, by its client's id."""
    return next(entry.body for entry in reversed(report(gateway, job).entries) if entry.type == type_)


async def settle(house: House) -> Keys:
    """Make everybody known, and give them their keys."""
    for project, terms in PROJECTS.items():
        await house.administration.projects.create(name=project, terms=terms)
    for principal in sorted({role.principal for role in CAST.values()}):
        await house.administration.principals.create(name=principal, kind=PrincipalKind.PERSON)
    issued = {
        who: await house.administration.keys.new(
            principal=role.principal, project=role.project, wish=Wish(roles=(role.role,), lifetime=role.lifetime)
        )
        for who, role in CAST.items()
    }
    return Keys(
        text={who: key.text.reveal().decode() for who, key in issued.items()},
        id={who: key.key.id for who, key in issued.items()},
    )
