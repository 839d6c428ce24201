"""Enforcement levels over HTTP: overrides, break-glass, rollouts and the shadow, for whoever's roles may."""

from datetime import timedelta
from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from pydantic import BaseModel, ConfigDict, Field

from gateway.casework import glasses, overrides, rollouts
from gateway.casework.rollouts import Rollout
from gateway.casework.shadows import ShadowReport
from gateway.domain.leniency import BreakGlass, Override
from gateway.domain.principal import Caller
from gateway.enforcement.access import Access
from gateway.wiring import House
from gateway.wiring.latitude import Latitude

READ = "policy.read"
_Hours = Annotated[int, Field(ge=1, le=365 * 24)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    reason: str
    """Why; the ledger keeps it."""


class OverrideBody(_Body):
    """A soft rule that is not to deny for somebody."""

    rule: str
    project: str | None = None
    """Name or id."""
    principal: str | None = None
    """Name or id; with `project`, for their work in it."""
    hours: _Hours


class BreakGlassBody(_Body):
    """An emergency that another person must confirm."""

    hours: _Hours = 1
    """How long, from the confirmation on."""


class ResumeBody(_Body):
    """Why a stopped rollout goes on."""


class ShadowBody(_Body):
    """A revision that is to decide beside the live one."""

    revision: str
    """The beginning of one that is stored here, as `gateway policy revisions` lists them."""


class OverrideController(Controller):
    """Soft rules that do not deny for a project or a principal, for a while."""

    path = "/policy/overrides"
    tags = ("policy",)

    @get("/", operation_id="listOverrides")
    async def every(
        self, caller: NamedDependency[Caller], access: NamedDependency[Access], latitude: NamedDependency[Latitude]
    ) -> list[Override]:
        """List all overrides, those that are over too, oldest first."""
        access.require(caller, READ)
        return await latitude.overrides.every()

    @post("/", operation_id="makeOverride")
    async def new(
        self,
        data: JSONBody[OverrideBody],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        latitude: NamedDependency[Latitude],
    ) -> Override:
        """Let a soft rule not deny for a project or a principal; never for oneself."""
        access.require(caller, overrides.PERMISSION)
        return await latitude.overrides.new(
            data.rule,
            project=data.project,
            principal=data.principal,
            lasting=timedelta(hours=data.hours),
            reason=data.reason,
            by=caller.principal.id,
        )

    @delete("/{name:str}", operation_id="endOverride", status_code=200)
    async def end(
        self,
        name: FromPath[str],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        latitude: NamedDependency[Latitude],
    ) -> Override:
        """Let the rule deny again."""
        access.require(caller, overrides.PERMISSION)
        return await latitude.overrides.end(name, by=caller.principal.id)


class BreakGlassController(Controller):
    """Emergencies that two people declare together."""

    path = "/policy/break-glass"
    tags = ("policy",)

    @get("/", operation_id="listBreakGlass")
    async def every(
        self, caller: NamedDependency[Caller], access: NamedDependency[Access], latitude: NamedDependency[Latitude]
    ) -> list[BreakGlass]:
        """List all of them, oldest first."""
        access.require(caller, READ)
        return await latitude.glasses.every()

    @post("/", operation_id="requestBreakGlass")
    async def request(
        self,
        data: JSONBody[BreakGlassBody],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        latitude: NamedDependency[Latitude],
    ) -> BreakGlass:
        """Ask for one; nothing is lifted until another person confirms within the hour."""
        access.require(caller, glasses.PERMISSION)
        lasting = timedelta(hours=data.hours)
        return await latitude.glasses.request(reason=data.reason, lasting=lasting, by=caller.principal.id)

    @post("/{name:str}/confirmation", operation_id="confirmBreakGlass")
    async def confirm(
        self,
        name: FromPath[str],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        latitude: NamedDependency[Latitude],
    ) -> BreakGlass:
        """Confirm it as the second person: from now on the rules that the table names do not deny."""
        access.require(caller, glasses.PERMISSION)
        return await latitude.glasses.confirm(name, by=caller.principal.id)

    @delete("/{name:str}", operation_id="endBreakGlass", status_code=200)
    async def end(
        self,
        name: FromPath[str],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        latitude: NamedDependency[Latitude],
    ) -> BreakGlass:
        """Let the rules deny again, or withdraw what was asked for."""
        access.require(caller, glasses.PERMISSION)
        return await latitude.glasses.end(name, by=caller.principal.id)


class RolloutController(Controller):
    """Rules that deny for a share of the projects."""

    path = "/policy/rollouts"
    tags = ("policy",)

    @get("/", operation_id="listRollouts")
    async def every(
        self, caller: NamedDependency[Caller], access: NamedDependency[Access], latitude: NamedDependency[Latitude]
    ) -> list[Rollout]:
        """List them with what they denied of late, and whether they were stopped because of it."""
        access.require(caller, READ)
        return await latitude.rollouts.every()

    @post("/{area:str}/{rule:str}/resumption", operation_id="resumeRollout")
    async def resume(
        self,
        area: FromPath[str],
        rule: FromPath[str],
        data: JSONBody[ResumeBody],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        latitude: NamedDependency[Latitude],
    ) -> None:
        """Let a stopped rule deny again for its share."""
        access.require(caller, rollouts.PERMISSION)
        await latitude.rollouts.resume(f"{area}/{rule}", reason=data.reason, by=caller.principal.id)


class ShadowController(Controller):
    """A revision that decides beside the live one, and that nobody obeys."""

    path = "/policy/shadow"
    tags = ("policy",)

    @get("/", operation_id="getShadow")
    async def show(
        self, caller: NamedDependency[Caller], access: NamedDependency[Access], latitude: NamedDependency[Latitude]
    ) -> ShadowReport:
        """Say what the one that was started last would have decided otherwise."""
        access.require(caller, READ)
        return await latitude.shadows.report()

    @post("/", operation_id="startShadow")
    async def start(
        self,
        data: JSONBody[ShadowBody],
        caller: NamedDependency[Caller],
        access: NamedDependency[Access],
        house: NamedDependency[House],
        latitude: NamedDependency[Latitude],
    ) -> ShadowReport:
        """Let a stored revision decide beside the live one; a new one comes from the command line."""
        access.require(caller, rollouts.PERMISSION)
        candidate = await house.revisions.find(data.revision)
        await latitude.shadows.start(candidate, reason=data.reason, by=caller.principal.id)
        return await latitude.shadows.report()

    @delete("/", operation_id="stopShadow", status_code=200)
    async def stop(
        self, caller: NamedDependency[Caller], access: NamedDependency[Access], latitude: NamedDependency[Latitude]
    ) -> ShadowReport:
        """End it, and record what it would have decided otherwise."""
        access.require(caller, rollouts.PERMISSION)
        return await latitude.shadows.stop(by=caller.principal.id)


CONTROLLERS = (OverrideController, BreakGlassController, RolloutController, ShadowController)
