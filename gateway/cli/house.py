"""Opening the house for one command; a module of its own, because loading the house is what `serve` does without."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from gateway.cli.invocation import Call
from gateway.wiring import House, open_house

Answer = TypeVar("Answer")


def in_house(this: Call, work: Callable[[House], Awaitable[Answer]]) -> Answer:
    """Open the house, do one piece of work in it, close it again."""

    async def within() -> Answer:
        async with open_house(this.settings) as house:
            return await work(house)

    return asyncio.run(within())


async def names(house: House) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Give the names of all principals and of all projects, by id."""
    administration = house.administration
    principals = {str(each.id): each.name for each in await administration.principals.every()}
    return principals, {str(each.id): each.name for each in await administration.projects.every()}
