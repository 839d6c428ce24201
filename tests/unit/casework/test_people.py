"""Nobody is taken for somebody: claims lead to a name and to roles as the settings say, or to nothing."""

import pytest

from gateway.casework.people import People, SignInRefusedError

PEOPLE = People(
    principal_claim="sub",
    principals={"248": "audrey"},
    roles_claim="groups",
    roles={"audit": ("auditor",), "root": ("admin", "security"), "also-audit": ("auditor",)},
)


def by(claim, **changes):
    return People(
        **{"principal_claim": "sub", "principals": {}, "roles_claim": claim, "roles": PEOPLE.roles, **changes}
    )


@pytest.mark.parametrize(
    ("subject", "name"),
    [pytest.param("248", "audrey", id="who is listed"), pytest.param("alice", "alice", id="who is called so")],
)
def test_a_claim_leads_to_a_name(subject, name):
    assert PEOPLE.name({"sub": subject}) == name


@pytest.mark.parametrize("claims", [{}, {"sub": ""}, {"sub": 7}, {"sub": ["alice"]}, {"sub": None}])
def test_claims_that_do_not_say_who_it_is_are_refused(claims):
    with pytest.raises(SignInRefusedError, match="does not say your sub"):
        PEOPLE.name(claims)


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_was_only_typed_is_nobodys(verified):
    """At many providers anybody can write any address into an account."""
    people = by("groups", principal_claim="email")

    with pytest.raises(SignInRefusedError, match="verified"):
        people.name({"email": "alice@example.org", "email_verified": verified})
    assert people.name({"email": "alice@example.org", "email_verified": True}) == "alice@example.org"


@pytest.mark.parametrize(
    ("value", "groups", "roles"),
    [
        pytest.param(["audit", "everybody"], ("audit",), ("auditor",), id="a list, of which one counts"),
        pytest.param("audit", ("audit",), ("auditor",), id="a single text"),
        pytest.param(["root", "audit"], ("audit", "root"), ("admin", "auditor", "security"), id="several roles"),
        pytest.param(["audit", "also-audit"], ("also-audit", "audit"), ("auditor",), id="the same role twice"),
        pytest.param([["root"], {"root": 1}, 7, None], (), (), id="nothing that is text"),
        pytest.param({"root": True}, (), (), id="an object"),
        pytest.param(None, (), (), id="nothing"),
        pytest.param("root,audit", (), (), id="a list in a text"),
        pytest.param("ROOT", (), (), id="other letters"),
    ],
)
def test_groups_lead_to_roles(value, groups, roles):
    assert PEOPLE.groups({"groups": value}) == groups
    assert PEOPLE.roles_of(groups) == roles


def test_a_group_that_the_settings_do_not_know_any_more_has_no_role():
    assert PEOPLE.roles_of(("audit", "gone")) == ("auditor",)


@pytest.mark.parametrize(
    ("claim", "claims"),
    [
        pytest.param("realm_access.roles", {"realm_access": {"roles": ["root"]}}, id="inside an object"),
        pytest.param("https://example.org/roles", {"https://example.org/roles": ["root"]}, id="with dots in its name"),
    ],
)
def test_dots_lead_into_objects_unless_the_claim_is_called_so(claim, claims):
    assert by(claim).groups(claims) == ("root",)


@pytest.mark.parametrize(
    "claims", [{"realm_access": "roles"}, {"realm_access": {}}, {"realm_access": [{"roles": "root"}]}]
)
def test_a_way_that_ends_early_leads_nowhere(claims):
    assert by("realm_access.roles").groups(claims) == ()
