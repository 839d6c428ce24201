"""Accounts at vendors: their credentials go in, work until they are erased, and never come out again."""

import json
from dataclasses import replace

import pytest

from gateway.casework.forms import AccountRefusedError
from gateway.casework.names import DuplicateNameError, NameRefusedError, UnknownNameError
from gateway.casework.projects import Terms
from gateway.casework.vendors import AccountBusyError, AccountRemovedError, NewAccount
from gateway.domain.backend import ExecutionKind
from gateway.domain.errors import UnavailableError
from gateway.domain.secret import Secret
from gateway.domain.writes import AttemptUpdate, Unit
from gateway.ports.vendor import VendorAnswer, VendorCredentialError, VendorUnreachableError
from gateway.store import objects
from gateway.store.entries import search
from gateway.vault.credentials import Credentials
from gateway.vault.vault import ErasedError
from tests.fakes.listing_vendor import CANARY, SECOND, AcmeVendor
from tests.records import job, leaf, outbox

NEW = NewAccount(vendor="acme", name="main", attributes={"region": "mars-1"})


def secrets(key=CANARY):
    return {"api_key": Secret.of(key)}


@pytest.fixture
def vendors(office):
    return office.administration.vendors


@pytest.fixture
async def chemistry(office):
    return await office.administration.projects.create(name="chemistry", terms=Terms())


@pytest.fixture
async def main(vendors):
    return await vendors.add(NEW, secrets())


@pytest.fixture
def opened(office):
    async def read(stored):
        fields = await Credentials(office.vault).open(stored.account)
        return fields["api_key"].reveal().decode()

    return read


async def leaves(office):
    async with office.database.reading() as connection:
        return b"".join(stored.leaf for stored in await search(connection, since=0, limit=100))


# ── adding ───────────────────────────────────────────────────────────────────────────────────────
async def test_an_added_account_is_listed_and_its_credential_opens(vendors, main, opened):
    assert await vendors.every() == [main]
    assert main.account.attributes == {"region": "mars-1", "shelf": "front"}
    assert (main.account.project_id, main.account.version) == (None, 1)
    assert await opened(main) == CANARY


async def test_the_entry_tells_of_an_account_in_digests(office, vendors, chemistry):
    stored = await vendors.add(replace(NEW, project="chemistry"), secrets())

    (entry,) = await office.entries("vendor.account_added")
    assert entry.project_id == chemistry.id
    assert entry.body["account"] == stored.account.id
    assert (entry.body["vendor"], entry.body["version"]) == ("acme", 1)
    assert entry.body["credential"]["object"] == stored.account.id
    assert entry.names[entry.body["name"]] == "main"
    told = json.dumps(dict(entry.body))
    assert all(word not in told for word in (CANARY, "mars-1", "main", "chemistry"))


async def test_no_secret_is_in_ledger_database_or_any_repr(office, vendors, main, tmp_path):
    rotated = await vendors.rotate("main", secrets(SECOND))

    shown = f"{main!r} {rotated!r} {secrets()!r}".encode()
    written = await leaves(office)
    await office.writer.close()
    await office.database.close()
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (CANARY, SECOND):
        assert secret.encode() not in shown + written + files


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"vendor": "umbrella"}, UnknownNameError),
        ({"vendor": "sim"}, UnknownNameError),
        ({"project": "physics"}, UnknownNameError),
        ({"name": " main"}, NameRefusedError),
        ({"attributes": {}}, AccountRefusedError),
    ],
    ids=["no such vendor", "not a vendor", "no such project", "no name", "no attributes"],
)
async def test_an_account_that_cannot_be_is_refused_before_any_secret_is_asked_for(vendors, changes, error):
    with pytest.raises(error):
        await vendors.draft(replace(NEW, **changes))
    with pytest.raises(error):
        await vendors.add(replace(NEW, **changes), secrets())

    assert await vendors.every() == []


async def test_a_secret_that_the_adapter_refuses_is_not_kept(office, vendors):
    with pytest.raises(AccountRefusedError) as refused:
        await vendors.add(NEW, secrets(f"wrong {CANARY}"))

    assert CANARY not in refused.value.message
    assert await vendors.every() == []
    assert await office.entries("vendor.account_added") == []


async def test_a_name_is_never_used_for_another_account(vendors, main):
    """Entries tell of accounts for ever; the same name for two of them would mislead who reads them."""
    with pytest.raises(DuplicateNameError):
        await vendors.add(replace(NEW, name="MAIN"), secrets())
    await vendors.remove("main")
    with pytest.raises(DuplicateNameError):
        await vendors.add(NEW, secrets())


async def test_nothing_is_kept_when_the_ledger_takes_no_entry(office, vendors):
    await office.writer.close()

    with pytest.raises(UnavailableError):
        await vendors.add(NEW, secrets())

    assert await vendors.every() == []


async def test_accounts_are_listed_by_vendor_and_project(vendors, main, chemistry):
    own = await vendors.add(replace(NEW, name="own", project="chemistry"), secrets())

    assert await vendors.every(project="chemistry") == [own]
    assert await vendors.every(vendor="acme") == [main, own]
    assert await vendors.every(vendor="umbrella") == []
    with pytest.raises(UnknownNameError):
        await vendors.every(project="physics")


# ── rotating ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_rotated_account_keeps_its_id_and_forgets_the_old_credential_at_once(office, vendors, main, opened):
    rotated = await vendors.rotate("main", secrets(SECOND))

    assert rotated.account == replace(main.account, version=2)
    assert await vendors.every() == [rotated]
    assert await opened(rotated) == SECOND
    with pytest.raises(ErasedError):
        await opened(main)
    (entry,) = await office.entries("vendor.account_rotated")
    assert (entry.body["account"], entry.body["version"]) == (main.account.id, 2)


async def test_a_rotation_that_is_refused_leaves_the_old_credential(vendors, main, opened):
    with pytest.raises(AccountRefusedError):
        await vendors.rotate("main", secrets("short"))

    assert await vendors.every() == [main]
    assert await opened(main) == CANARY


# ── removing ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_removed_account_stays_listed_and_its_credential_is_gone(office, vendors, main):
    rotated = await vendors.rotate("main", secrets(SECOND))
    removed = await vendors.remove("main")

    assert await vendors.every() == [replace(rotated, removed_at=removed.removed_at)]
    async with office.database.reading() as connection:
        assert await objects.kinds(connection, main.account.id) == ()
    (entry,) = await office.entries("vendor.account_removed")
    assert (entry.body["account"], entry.body["jobs_under_way"]) == (main.account.id, 0)


@pytest.mark.parametrize("name", ["main", "id"])
async def test_what_was_removed_is_neither_rotated_nor_removed_again(vendors, main, name):
    name = main.account.id if name == "id" else name
    await vendors.remove(name)

    with pytest.raises(AccountRemovedError):
        await vendors.rotate(name, secrets())
    with pytest.raises(AccountRemovedError):
        await vendors.remove(name)


async def test_an_unknown_account_is_refused_with_the_live_ones(vendors, main):
    gone = await vendors.add(replace(NEW, name="gone"), secrets())
    await vendors.remove(gone.account.name)

    with pytest.raises(UnknownNameError, match=r"known: main$"):
        await vendors.named("nobody")


async def test_an_account_that_jobs_need_is_removed_only_by_force(office, vendors, main):
    """Without its credential nobody learns what became of a paid job."""
    record = job()
    sent = replace(outbox(record.id, kind=ExecutionKind.HARDWARE), account_id=main.account.id)
    await office.writer.commit(Unit(leaf=leaf(at=office.clock.now()), job=record, outbox=sent))

    with pytest.raises(AccountBusyError, match="1 jobs under way"):
        await vendors.remove("main")
    assert (await vendors.named("main")).removed_at is None

    await vendors.remove("main", force=True)
    (entry,) = await office.entries("vendor.account_removed")
    assert entry.body["jobs_under_way"] == 1


async def test_jobs_that_ended_keep_no_account(office, vendors, main):
    record = job()
    sent = replace(outbox(record.id, kind=ExecutionKind.HARDWARE), account_id=main.account.id)
    await office.writer.commit(Unit(leaf=leaf(at=office.clock.now()), job=record, outbox=sent))
    done = AttemptUpdate(job_id=record.id, attempt=1, state="done", vendor_job_id=None)
    await office.writer.commit(Unit(attempt=done))

    assert (await vendors.remove("main")).removed_at is not None


# ── trying ───────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def asked(office, main):
    """Ask the made-up vendor with a wire that answers as told."""
    seen = []

    async def ask(answer):
        async def send(request):
            seen.append(request)
            if isinstance(answer, Exception):
                raise answer
            return VendorAnswer(status=answer[0], headers={}, body=answer[1])

        return await office.administration.trials.backends(main.account, vendor=AcmeVendor(), send=send)

    ask.seen = seen
    return ask


async def test_a_trial_proves_the_credential_and_is_recorded(office, main, asked):
    found = await asked((200, b'["mars_1"]'))

    assert [each.backend.name for each in found] == ["mars_1"]
    assert [request.headers.get("x-key") for request in asked.seen] == [CANARY, None]
    (entry,) = await office.entries("credential.used")
    assert (entry.body["account"], entry.body["purposes"]) == (main.account.id, {"test": 1})
    assert CANARY.encode() not in await leaves(office)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((401, b""), VendorCredentialError),
        (VendorUnreachableError("no connection"), VendorUnreachableError),
    ],
    ids=["refused", "unreachable"],
)
async def test_a_trial_that_fails_is_recorded_all_the_same(office, asked, answer, error):
    with pytest.raises(error) as failed:
        await asked(answer)

    assert CANARY not in failed.value.message
    assert len(await office.entries("credential.used")) == 1
