"""The way out: the right account, its newest credential for one call, every opening counted, and no secret told."""

import io
import json
from dataclasses import dataclass, replace

import pytest
import structlog

from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.domain.errors import UnavailableError
from gateway.domain.secret import Secret
from gateway.domain.writes import Unit
from gateway.enforcement.entries import Entries
from gateway.enforcement.outside import HouseOutside
from gateway.ports.upstream import Outside
from gateway.ports.vendor import Account, VendorAnswer, VendorRequest, VendorUnreachableError
from gateway.store import accounts, calibrations
from gateway.store.accounts import StoredAccount
from gateway.store.commit import Writer
from gateway.store.entries import search
from gateway.store.view import AccountView
from gateway.telemetry import logging
from gateway.vault.credentials import Credentials, kind
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import Locks
from gateway.vault.vault import Vault
from gateway.vendors.errors import VendorAccountError
from tests.fakes.listing_vendor import CANARY, SECOND
from tests.fakes.values import CALIBRATION
from tests.records import NOW, StillClock, leaf

MAIN = Account(id="id-main", vendor="acme", name="main", project_id=None, attributes={}, version=1)
OWN = replace(MAIN, id="id-own", name="own", project_id="project-1")
ROTATED = replace(MAIN, version=2)
REQUEST = VendorRequest(method="GET", url="http://127.0.0.1/")


class Session:
    """A vendor's session that only notes what is sent."""

    def __init__(self):
        self.sent = []

    async def send(self, request):
        self.sent.append(request)
        return VendorAnswer(status=200, headers={}, body=b"ok")


@dataclass
class Border:
    """The way out, and what is behind it."""

    outside: HouseOutside
    writer: Writer
    credentials: Credentials
    clock: StillClock
    session: Session

    async def add(self, account, key=CANARY):
        await self._keep(account, sealed=(await self.credentials.seal(account, {"api_key": Secret.of(key)}),))

    async def rotate(self, account, key):
        old = replace(account, version=account.version - 1)
        sealed = await self.credentials.seal(account, {"api_key": Secret.of(key)})
        await self._keep(account, sealed=(sealed,), erased_kinds=((old.id, kind(old)),))

    async def remove(self, account):
        await self._keep(account, removed_at=NOW, erased=(account.id,))

    async def _keep(self, account, *, removed_at=None, **objects):
        stored = StoredAccount(account=account, created_at=NOW, removed_at=removed_at)
        await self.writer.commit(Unit(leaf=leaf(), rows=(accounts.write(stored),), **objects))

    async def opened(self, account=MAIN, purpose="show"):
        return (await self.outside.credential(account, purpose))["api_key"].reveal().decode()

    async def entries(self, type_):
        async with self.writer.database.reading() as connection:
            found = await search(connection, since=0, limit=100, type_=type_)
        return [json.loads(each.leaf)["event"] for each in found]


@pytest.fixture
async def border(database, tmp_path):
    clock = StillClock()
    create_master_key(tmp_path / "master.key")
    vault = Vault(database, FileKeyProvider(tmp_path / "master.key"), clock, Locks.create(tmp_path / "erasure.key"))
    await vault.start()
    writer = Writer(database, MerkleChain())
    await writer.start()
    ledger = Ledger(writer, clock)
    await ledger.open("test", create=True)
    session, credentials = Session(), Credentials(vault)
    outside = HouseOutside(
        view=AccountView(database),
        credentials=credentials,
        sessions={"acme": session},
        database=database,
        ledger=ledger,
        entries=Entries(clock=clock, subject=vault.subject),
        clock=clock,
    )
    made = Border(outside=outside, writer=writer, credentials=credentials, clock=clock, session=session)
    await made.add(MAIN)
    await outside.view.refresh()
    yield made
    await writer.close()


@pytest.fixture
def lines():
    stream = io.StringIO()
    logging.configure(json=True, stream=stream)
    return stream


def test_it_is_what_upstreams_were_promised(border):
    promised: Outside = border.outside

    assert promised.account("acme", "anybody") == MAIN
    assert promised.account_by_id("id-main") == MAIN
    assert list(promised.accounts("acme")) == [MAIN]


# ── credentials ──────────────────────────────────────────────────────────────────────────────────
async def test_a_credential_opens_for_a_call(border):
    assert await border.opened() == CANARY


async def test_a_rotation_elsewhere_is_noticed_by_the_call_that_meets_it(border):
    """No job fails in the moment between a rotation and the next look into the database."""
    await border.rotate(ROTATED, SECOND)

    assert await border.opened(MAIN) == SECOND
    assert border.outside.account_by_id("id-main") == ROTATED


async def test_a_removed_account_can_be_looked_at_and_not_used(border):
    await border.remove(MAIN)

    with pytest.raises(VendorAccountError, match="was removed"):
        await border.opened(MAIN)
    assert border.outside.account_by_id("id-main") == MAIN
    assert border.outside.account("acme", None) is None
    assert border.outside.used == {}


async def test_openings_are_counted_by_account_and_purpose_and_recorded_once(border):
    own = replace(OWN, project_id=None)
    await border.add(own)
    for purpose in ("show", "submit", "show"):
        await border.opened(MAIN, purpose)
    border.clock.advance(30)
    await border.opened(own, "show")
    await border.outside.flush()
    await border.outside.flush()

    told = {entry["body"]["account"]: entry["body"] for entry in await border.entries("credential.used")}
    assert told == {
        "id-main": {
            "account": "id-main",
            "vendor": "acme",
            "since": "2026-03-01T12:00:00.000000Z",
            "purposes": {"show": 2, "submit": 1},
        },
        "id-own": {
            "account": "id-own",
            "vendor": "acme",
            "since": "2026-03-01T12:00:30.000000Z",
            "purposes": {"show": 1},
        },
    }
    assert len(await border.entries("credential.used")) == 2


async def test_a_projects_account_is_recorded_as_the_projects(border):
    await border.writer.commit(Unit(leaf=leaf(), sealed=(await border.credentials.seal(OWN, {}),)))
    await border.outside.credential(OWN, "show")
    await border.outside.flush()

    assert [entry["project"] for entry in await border.entries("credential.used")] == ["project-1"]


async def test_counts_outlive_a_ledger_that_takes_no_entry(border, monkeypatch):
    """What was opened meanwhile is added, and nothing is counted twice."""
    await border.opened(MAIN, "show")
    record = Ledger.record

    async def refuse(ledger, draft, **parts):
        await border.opened(MAIN, "show")
        raise UnavailableError("disk full")

    monkeypatch.setattr(Ledger, "record", refuse)
    with pytest.raises(UnavailableError):
        await border.outside.flush()
    monkeypatch.setattr(Ledger, "record", record)
    await border.outside.flush()

    (entry,) = await border.entries("credential.used")
    assert entry["body"]["purposes"] == {"show": 2}
    assert entry["body"]["since"] == "2026-03-01T12:00:00.000000Z"


async def test_an_adapter_with_endless_purposes_fills_no_ledger(border):
    for number in range(40):
        await border.opened(MAIN, f"job {number}")
    await border.opened(MAIN, "zwölf")
    await border.opened(MAIN, "job 0")
    await border.outside.flush()

    (entry,) = await border.entries("credential.used")
    assert len(entry["body"]["purposes"]) == 33
    assert (entry["body"]["purposes"]["other"], entry["body"]["purposes"]["job 0"]) == (9, 2)


async def test_no_secret_is_in_a_repr_a_log_or_an_entry(border, lines):
    secrets = await border.outside.credential(MAIN, "show")
    await border.remove(MAIN)
    with pytest.raises(VendorAccountError) as refused:
        await border.outside.credential(MAIN, "show")
    await border.outside.flush()
    structlog.get_logger("test").error("worker.failed", worker=secrets, exc_info=refused.value)

    entries = json.dumps([*await border.entries("credential.used"), *await border.entries("requests.refused")])
    shown = f"{border.outside!r} {secrets!r} {refused.value!r} {lines.getvalue()} {entries}"
    assert "worker.failed" in shown
    assert CANARY not in shown


# ── the wire ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_request_goes_over_its_vendors_session(border):
    assert (await border.outside.send("acme", REQUEST)).body == b"ok"
    assert border.session.sent == [REQUEST]


async def test_a_vendor_without_a_session_certainly_got_nothing(border):
    """A lost answer would leave a job unknown for ever; this one never left."""
    with pytest.raises(VendorUnreachableError):
        await border.outside.send("umbrella", REQUEST)


# ── the ledger ───────────────────────────────────────────────────────────────────────────────────
async def test_what_is_told_is_recorded(border):
    await border.outside.tell("vendor.degraded", {"vendor": "acme", "reason": "5 failures"})

    (entry,) = await border.entries("vendor.degraded")
    assert (entry["body"]["vendor"], entry["project"]) == ("acme", None)


async def test_a_snapshot_is_stored_with_the_entry_that_names_it(border):
    for _ in range(2):
        body = {"backend": CALIBRATION.backend, "digest": CALIBRATION.digest}
        await border.outside.tell("calibration.recorded", body, calibration=CALIBRATION)

    async with border.writer.database.reading() as connection:
        kept = await calibrations.content(connection, CALIBRATION.digest)
    assert json.loads(kept)["backend"] == CALIBRATION.backend
    assert len(await border.entries("calibration.recorded")) == 2


async def test_what_the_ledger_does_not_take_is_logged_and_dropped(border, monkeypatch, lines):
    """A vendor that goes away while the disk is full must not stop the clock that noticed it."""

    async def refuse(ledger, draft, **parts):
        raise UnavailableError("disk full")

    monkeypatch.setattr(Ledger, "record", refuse)
    await border.outside.tell("calibration.recorded", {"digest": CALIBRATION.digest}, calibration=CALIBRATION)
    monkeypatch.undo()

    (line,) = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (line["event"], line["code"]) == ("entry.missed", "calibration.recorded")
    await border.outside.tell("calibration.recorded", {"digest": CALIBRATION.digest}, calibration=CALIBRATION)
    async with border.writer.database.reading() as connection:
        assert await calibrations.content(connection, CALIBRATION.digest) is not None
