"""A session holds no right of its own: whatever ends its key, its owner or its group ends it, and so does time."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from gateway.casework.entries import AdminEntries
from gateway.casework.keys import Wish
from gateway.casework.names import UnknownNameError
from gateway.casework.people import People, SignInRefusedError
from gateway.casework.sign_ins import KEPT, NotSignedInError, SignIns
from gateway.domain.errors import UnavailableError
from gateway.domain.principal import PrincipalKind
from gateway.domain.secret import Secret
from gateway.ports.dialect import ApiKey
from gateway.store import console
from gateway.store.view import IdentityView

ISSUER = "https://login.example.org"
PERMISSIONS = {"scientist": ("job.read",), "auditor": ("audit.read", "audit.export"), "vendor": ("backend.read",)}
PEOPLE = People(
    principal_claim="sub",
    principals={"248": "alice"},
    roles_claim="groups",
    roles={"audit": ("auditor",), "nothing": ("vendor",)},
)
CLAIMS = {"sub": "248", "groups": ["audit", "everybody"]}
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=8)


@pytest.fixture
async def desk(office, alice, chemistry):
    identity = IdentityView(office.database, office.vault.principal_name)
    await identity.refresh()
    return SignIns(
        database=office.database,
        entries=AdminEntries(ledger=office.ledger, vault=office.vault, clock=office.clock),
        identity=identity,
        authenticator=await office.door(),
        clock=office.clock,
        people=PEOPLE,
        issuer=ISSUER,
        idle=IDLE,
        longest=LONGEST,
        permissions=PERMISSIONS,
    )


@pytest.fixture
async def came_in(office, desk, issued):
    """Alice, signed in with her key; gives the cookie."""
    desk = await seeing(office, desk)
    token, _ = await desk.with_key(desk.authenticator.caller(ApiKey(issued.text)))
    return token


async def seeing(office, desk):
    """Take in what was written since."""
    await desk.identity.refresh()
    return replace(desk, authenticator=await office.door())


async def test_whoever_showed_a_key_is_recognised_with_its_roles_and_project(desk, office, came_in, issued):
    desk = await seeing(office, desk)

    standing = await desk.standing(came_in)

    assert (standing.principal.name, standing.roles) == ("alice", ("scientist",))
    assert [each.name for each in standing.projects] == ["chemistry"]
    assert standing.caller.key.id == issued.key.id


async def test_whom_the_provider_vouched_for_has_the_roles_of_her_groups_and_the_projects_of_her_keys(
    desk, office, issued
):
    desk = await seeing(office, desk)
    token, session = await desk.with_claims(CLAIMS)

    standing = await desk.standing(token)

    assert (standing.principal.name, standing.roles, standing.caller) == ("alice", ("auditor",), None)
    assert [each.name for each in standing.projects] == ["chemistry"]
    assert (session.issuer, session.groups) == (ISSUER, ("audit",))


async def test_a_project_is_ones_own_as_long_as_a_key_of_it_is_good(desk, office, issued):
    await office.administration.keys.revoke(issued.key.id)
    desk = await seeing(office, desk)
    token, _ = await desk.with_claims(CLAIMS)

    assert (await desk.standing(token)).projects == ()


async def test_the_database_holds_no_cookie(came_in, tmp_path):
    content = b"".join(path.read_bytes() for path in tmp_path.glob("gateway.sqlite3*"))

    assert sha256(came_in.reveal()).hexdigest().encode() in content
    assert came_in.reveal() not in content


async def test_coming_in_and_going_out_are_entries(desk, office, came_in):
    [session] = await (await seeing(office, desk)).every()
    await desk.end(session.id, by=session.principal_id)

    [entered], [left] = await office.entries("console.signed_in"), await office.entries("console.signed_out")
    assert (entered.body["session"], entered.body["how"], entered.body["roles"]) == (session.id, "key", ["scientist"])
    assert left.body["session"] == session.id
    assert came_in.reveal().decode() not in str((entered, left))


async def test_the_ledger_says_whom_the_provider_meant_without_a_name(desk, office, issued):
    """Whom an administrator erases must not stand under the provider's name for them."""
    desk = await seeing(office, desk)
    await desk.with_claims({**CLAIMS, "sub": "248"})

    [entered] = await office.entries("console.signed_in")

    assert (entered.body["how"], entered.body["issuer"]) == ("oidc", ISSUER)
    assert entered.body["subject"] == office.vault.subject(f"{ISSUER} 248")
    assert set(entered.names.values()) == {"alice"}


async def test_nobody_comes_in_while_the_ledger_takes_no_entry(desk, office, issued):
    """Audit comes before act: what nobody could tell of later does not happen."""
    desk = await seeing(office, desk)
    await office.writer.close()

    with pytest.raises(UnavailableError):
        await desk.with_key(desk.authenticator.caller(ApiKey(issued.text)))

    assert await desk.every() == []


@pytest.mark.parametrize(
    ("later", "over"),
    [
        pytest.param(IDLE - timedelta(minutes=1), False, id="used just in time"),
        pytest.param(IDLE, True, id="not used"),
    ],
)
async def test_a_session_that_is_not_used_is_over(desk, office, came_in, later, over):
    desk = await seeing(office, desk)
    office.clock.moment += later

    if over:
        with pytest.raises(NotSignedInError, match="over"):
            await desk.standing(came_in)
    else:
        assert await desk.standing(came_in)


async def test_a_session_that_is_always_used_is_over_some_time(desk, office, came_in):
    desk = await seeing(office, desk)
    for _ in range(int(LONGEST / timedelta(minutes=25))):
        office.clock.moment += timedelta(minutes=25)
        last = await desk.standing(came_in)

    office.clock.moment += timedelta(minutes=25)
    with pytest.raises(NotSignedInError, match="over"):
        await desk.standing(came_in)
    assert last.session.until > last.session.created_at + LONGEST - timedelta(minutes=1)


async def test_use_is_written_down_once_a_minute(desk, office, came_in):
    desk = await seeing(office, desk)
    first = (await desk.standing(came_in)).session.seen_at
    second = (await desk.standing(came_in)).session.seen_at
    office.clock.moment += timedelta(minutes=2)
    await desk.standing(came_in)
    third = (await desk.standing(came_in)).session.seen_at

    assert first == second
    assert third >= first + timedelta(minutes=2)


@pytest.mark.parametrize("token", ["", "x" * 43, "é"])
async def test_a_cookie_of_nobody_opens_nothing(desk, token):
    with pytest.raises(NotSignedInError) as error:
        await desk.standing(Secret.of(token))

    assert not error.value.was_in


async def test_a_revoked_key_ends_its_sessions(desk, office, came_in, issued):
    await office.administration.keys.revoke(issued.key.id)
    desk = await seeing(office, desk)

    with pytest.raises(NotSignedInError, match="revoked"):
        await desk.standing(came_in)


async def test_a_disabled_principal_is_out_at_once(desk, office, came_in):
    desk = await seeing(office, desk)
    by_provider, _ = await desk.with_claims(CLAIMS)
    await office.administration.principals.change("alice", disabled=True)
    desk = await seeing(office, desk)

    for token in (came_in, by_provider):
        with pytest.raises(NotSignedInError):
            await desk.standing(token)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"people": replace(PEOPLE, roles={})}, id="the group has no role any more"),
        pytest.param({"people": None, "issuer": None}, id="there is no provider any more"),
        pytest.param({"issuer": "https://another.example.org"}, id="there is another provider"),
        pytest.param({"permissions": {"auditor": ()}}, id="the role may do nothing any more"),
    ],
)
async def test_what_the_settings_say_now_counts(desk, office, changes):
    desk = await seeing(office, desk)
    token, _ = await desk.with_claims(CLAIMS)

    with pytest.raises(NotSignedInError, match="any more"):
        await replace(desk, **changes).standing(token)


async def test_an_ended_session_stays_ended(desk, office, came_in):
    desk = await seeing(office, desk)
    [session] = await desk.every()

    await desk.end(session.id, by="operator")

    assert await desk.every() == []
    with pytest.raises(NotSignedInError):
        await desk.standing(came_in)


async def test_nobody_ends_the_sessions_of_others_as_ones_own(desk, office, came_in):
    [session] = await desk.every()

    with pytest.raises(UnknownNameError):
        await desk.end(session.id, by="mallory", of="mallory")

    assert len(await desk.every()) == 1


async def test_a_programs_key_is_for_programs(desk, office, chemistry):
    await office.administration.principals.create(name="robot", kind=PrincipalKind.SERVICE)
    issued = await office.administration.keys.new(
        principal="robot", project="chemistry", wish=Wish(roles=("scientist",))
    )
    desk = await seeing(office, desk)

    with pytest.raises(SignInRefusedError, match="program"):
        await desk.with_key(desk.authenticator.caller(ApiKey(issued.text)))


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        pytest.param({"sub": "stranger", "groups": ["audit"]}, "no person 'stranger'", id="nobody here"),
        pytest.param({"sub": "248", "groups": ["everybody"]}, "none of your groups", id="no group with a role"),
        pytest.param({"sub": "248", "groups": ["nothing"]}, "none of your roles", id="a role with nothing to see"),
        pytest.param({"sub": "ALICE", "groups": ["audit"]}, "no person", id="other letters"),
    ],
)
async def test_whom_the_provider_knows_is_not_therefore_let_in(desk, office, claims, told):
    desk = await seeing(office, desk)

    with pytest.raises(SignInRefusedError, match=told):
        await desk.with_claims(claims)

    assert await office.entries("console.signed_in") == []


async def test_what_is_long_over_is_forgotten(desk, office, came_in):
    [session] = await desk.every()
    office.clock.moment = session.until + KEPT - timedelta(seconds=10)
    await desk.forget()
    async with office.database.reading() as connection:
        assert await console.load(connection, session.digest) is not None

    office.clock.moment += timedelta(minutes=1)
    await desk.forget()

    async with office.database.reading() as connection:
        assert await console.load(connection, session.digest) is None
