"""People who approve jobs."""

from gateway.casework.approvals import Approver
from gateway.casework.keys import Wish
from gateway.domain.principal import PrincipalKind


async def approver(house, name="grace", *, role="security", kind=PrincipalKind.PERSON):
    """Make somebody of that name, or find them, with a key of the first project."""
    known = {each.name for each in await house.administration.principals.every()}
    if name not in known:
        await house.administration.principals.create(name=name, kind=kind)
        await house.administration.keys.new(principal=name, project="default", wish=Wish(roles=(role,)))
    await house.identity.refresh()
    who = house.identity.principal_named(name)
    (key,) = house.identity.keys_of(who.id)
    return Approver(principal=who, roles=key.roles, projects=frozenset({key.project_id}))


def given(caller):
    """Give who holds a key, as whoever decides."""
    return Approver(principal=caller.principal, roles=caller.key.roles, projects=frozenset({caller.project.id}))
