"""Who may not come in hears why, in a shape the SDK can show, and learns nothing else."""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from gateway.casework.keys import Wish
from gateway.domain.secret import Secret
from gateway.identity.api_keys import Peppers, mint
from gateway.identity.tokens import Tokens
from gateway.wiring import House
from tests.integration import bodies, refusals
from tests.integration.people import within
from tests.records import StillClock
from tests.running import API, Gateway, eventually

REVOCATION_SECONDS = 1.0
GRACE_SECONDS = 0.5
"""For a machine that has other things to do."""
GRANT = "urn:ibm:params:oauth:grant-type:apikey"


class Elsewhere:
    """Derives what another gateway would."""

    def derive(self, purpose: str) -> bytes:
        return purpose.encode().ljust(32, b"-")[:32]


def traded(gateway: Gateway, key: str):
    form = urlencode({"grant_type": GRANT, "apikey": key}).encode()
    return gateway.request(
        "POST", "/ibm/iam/identity/token", body=form, headers={"content-type": "application/x-www-form-urlencoded"}
    )


def typo(key: str) -> str:
    return key[:-8] + ("a" if key[-8] != "a" else "b") + key[-7:]


def foreign() -> str:
    """A key of the right form and checksum that another gateway issued."""
    return mint(Peppers(Elsewhere())).text.reveal().decode()


@pytest.mark.parametrize("door", ["token exchange", "request"])
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param(lambda _: foreign(), "credential-invalid", id="another gateway's key"),
        pytest.param(typo, "key-malformed", id="a typo"),
        pytest.param(lambda key: key[:40], "key-malformed", id="half a key"),
        pytest.param(lambda _: "canary-5f1e" * 3, "key-malformed", id="no key at all"),
        pytest.param(lambda key: key + "\N{LATIN SMALL LETTER E WITH ACUTE}", "key-malformed", id="no ASCII"),
    ],
)
def test_a_wrong_key_opens_nothing(gateway, keys, door, spoil, code):
    wrong = spoil(keys["alice"])

    reply = (
        traded(gateway, wrong)
        if door == "token exchange"
        else gateway.request("GET", f"{API}/backends", headers={"authorization": f"apikey {wrong}"})
    )

    refusals.check(reply, 401, code)
    assert wrong not in reply.body.decode()


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "apikey", "Digest x", "qgw_live_x"])
def test_no_credential_is_told_where_to_put_one(gateway, authorization):
    headers = {} if authorization is None else {"authorization": authorization}

    reply = gateway.request("POST", f"{API}/jobs", headers=headers, body=bodies.golden())

    assert reply.code in {"credential-missing", "key-malformed"}
    refusals.check(reply, 401, reply.code)


def test_an_expired_key_is_refused_and_its_owner_told(gateway, keys):
    message = refusals.check(gateway.request("GET", f"{API}/backends", key=keys["fleeting"]), 401, "key-expired")

    assert "rotate" in message


def test_a_revoked_key_and_its_tokens_end_within_a_second(gateway, keys):
    """Whoever lost a laptop cannot wait for a token to run out."""
    key = keys["doomed"]
    token = traded(gateway, key).json()["access_token"]
    assert gateway.request("GET", f"{API}/backends", token=token).status == 200

    async def revoke(house: House) -> float:
        await house.administration.keys.revoke(keys.id["doomed"])
        return time.monotonic()

    revoked = within(gateway, revoke)
    with gateway.client(key=key) as by_key, gateway.client(token=token) as by_token:
        eventually(
            lambda: {401} == {ask("GET", f"{API}/backends").status for ask in (by_key, by_token)},
            seconds=5,
            pause=0.01,
        )

    assert time.monotonic() - revoked < REVOCATION_SECONDS + GRACE_SECONDS
    for reply in (
        gateway.request("GET", f"{API}/backends", key=key),
        gateway.request("GET", f"{API}/backends", token=token),
        traded(gateway, key),
    ):
        refusals.check(reply, 401, "key-revoked")


@pytest.mark.parametrize("door", ["token exchange", "request"])
def test_a_new_key_opens_at_once(gateway, door):
    """Nobody waits, or tries again, for a key that was shown to them."""

    async def issue(house: House) -> str:
        made = await house.administration.keys.new(principal="alice", project="alpha", wish=Wish(roles=("scientist",)))
        return made.text.reveal().decode()

    for _ in range(3):
        key = within(gateway, issue)
        reply = traded(gateway, key) if door == "token exchange" else gateway.request("GET", f"{API}/backends", key=key)
        assert reply.status == 200, reply.body


def test_a_disabled_principal_is_out_and_in_again(gateway, keys):
    async def change(house: House, *, disabled: bool) -> None:
        await house.administration.principals.change("dora", disabled=disabled)

    for disabled, status in ((True, 401), (False, 200)):
        within(gateway, lambda house, disabled=disabled: change(house, disabled=disabled))
        eventually(
            lambda status=status: gateway.request("GET", f"{API}/backends", key=keys["shut out"]).status == status
        )


def test_a_rotated_key_works_on_beside_its_successor(gateway, keys):
    successor = gateway.json("keys", "rotate", keys.id["spare"], "--overlap-hours", "1")["key"]

    eventually(lambda: gateway.request("GET", f"{API}/backends", key=successor).status == 200)
    assert gateway.request("GET", f"{API}/backends", key=keys["spare"]).status == 200


def token(gateway: Gateway, keys, *, at: datetime, issuer: str | None = None) -> str:
    """Sign a token as the gateway itself would have at another time."""

    async def sign(house: House) -> Secret:
        tokens = Tokens(deriver=house.vault, clock=StillClock(at), issuer=issuer or house.settings.ledger.origin)
        key = house.identity.key(keys.id["alice"])
        assert key is not None
        return tokens.grant(key).token

    return within(gateway, sign).reveal().decode()


def test_an_expired_token_is_told_from_a_forged_one(gateway, keys):
    """The SDK trades its key again when a token has expired; anything else a person must look at."""
    old = token(gateway, keys, at=datetime.now(UTC) - timedelta(hours=2))

    refusals.check(gateway.request("GET", f"{API}/backends", token=old), 401, "token-expired")


def test_a_token_of_another_deployment_or_a_changed_one_is_refused(gateway, keys):
    foreign_token = token(gateway, keys, at=datetime.now(UTC), issuer="elsewhere/ledger")
    good = token(gateway, keys, at=datetime.now(UTC))
    header, claims, signature = good.split(".")

    assert gateway.request("GET", f"{API}/backends", token=good).status == 200
    for bad in (
        foreign_token,
        f"{header}.{claims}.{signature[:-2]}AA",
        f"{header}.{claims}.",
        f"eyJhbGciOiJub25lIn0.{claims}.",
        "canary-5f1e",
        "e" * 10_000,
    ):
        refusals.check(gateway.request("GET", f"{API}/backends", token=bad), 401, "token-invalid")


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"a=b", id="another form"),
        pytest.param(b"grant_type=password&apikey=canary-5f1e", id="another grant"),
        pytest.param(f"grant_type={GRANT}".encode(), id="no key"),
        pytest.param(f"grant_type={GRANT}&apikey=a&apikey=b".encode(), id="two keys"),
        pytest.param(b"&".join([b"a=b"] * 100), id="a hundred fields"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"grant_type": "x"}', id="JSON"),
    ],
)
def test_a_token_request_that_is_none_is_refused(gateway, form):
    reply = gateway.request("POST", "/ibm/iam/identity/token", body=form)

    refusals.check(reply, 400, reply.code)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "jobs/{}", None),
        ("GET", "jobs/{}?exclude_params=false", None),
        ("GET", "jobs/{}/results", None),
        ("GET", "jobs/{}/metrics", None),
        ("GET", "jobs/{}/logs", None),
        ("POST", "jobs/{}/cancel", None),
        ("DELETE", "jobs/{}", None),
        ("PUT", "jobs/{}/tags", {"tags": ["mine"]}),
    ],
)
def test_another_tenants_job_looks_exactly_like_none(gateway, keys, method, path, body):
    job = gateway.submit(keys["bob"], bodies.golden())
    gateway.ended(keys["bob"], job)
    nothing = "d" + "0" * 19

    foreign_job, unknown = (
        gateway.request(method, f"{API}/{path.format(name)}", key=keys["mallory"], body=body) for name in (job, nothing)
    )

    assert refusals.check(foreign_job, 404, "not-found") == refusals.check(unknown, 404, "not-found").replace(
        nothing, job
    )
    same = {name: value for name, value in unknown.headers.items() if name not in CHANGING}
    assert {name: value for name, value in foreign_job.headers.items() if name not in CHANGING} == same


CHANGING = {"date", "uber-trace-id", "qgw-request-id"}


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", ""), ("DELETE", "/close")])
def test_another_tenants_session_looks_exactly_like_none(gateway, keys, method, path):
    opened = gateway.request("POST", f"{API}/sessions", key=keys["bob"], body={"backend": "sim_line_5"}).json()["id"]
    nothing = "0" * len(opened)

    foreign_session, unknown = (
        gateway.request(
            method,
            f"{API}/sessions/{name}{path}",
            key=keys["mallory"],
            body={"accepting_jobs": False} if method == "PATCH" else None,
        )
        for name in (opened, nothing)
    )

    assert refusals.check(foreign_session, 404, "not-found") == refusals.check(unknown, 404, "not-found").replace(
        nothing, opened
    )


def test_another_tenants_session_takes_no_job(gateway, keys):
    opened = gateway.request("POST", f"{API}/sessions", key=keys["bob"], body={"backend": "sim_line_5"}).json()["id"]

    reply = gateway.request("POST", f"{API}/jobs", key=keys["mallory"], body=bodies.golden(session_id=opened))

    refusals.check(reply, 404, "not-found")


def test_lists_show_no_tenant_the_jobs_of_another(gateway, keys):
    gateway.submit(keys["bob"], bodies.golden())

    listed = gateway.request("GET", f"{API}/jobs?limit=200", key=keys["mallory"]).json()

    assert listed["jobs"] == []
    assert listed["count"] == 0


def test_a_key_in_the_query_is_no_credential(gateway, keys):
    reply = gateway.request("GET", f"{API}/backends?apikey={keys['alice']}&access_token={keys['alice']}")

    refusals.check(reply, 401, "credential-missing")
