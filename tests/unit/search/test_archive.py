"""Scheduled exports: what is signed is taken away once, whole, provable, to where nobody changes it."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from gateway.audit.tree import Tree
from gateway.audit.verify import verify
from gateway.casework.archive import Archive, Plan
from gateway.casework.bucket import BucketPlace
from gateway.casework.formats import Form
from gateway.casework.places import Directory, PlaceTakenError, PlaceUnavailableError
from gateway.domain.secret import Secret
from gateway.domain.signature import S3, Signer
from gateway.store import checkpoints, deliveries
from gateway.store.checkpoints import StoredCheckpoint
from gateway.vendors.http import VendorSession
from gateway.vendors.settings import VendorHttp
from tests.fakes.vendors.aws import FakeAws
from tests.fakes.vendors.aws.vendor import KEY
from tests.fakes.vendors.serving import running
from tests.records import NOW, StillClock

HOUR = timedelta(hours=1)


@dataclass
class Shelf:
    """A place that can fail before or after it kept something."""

    kept: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)

    async def put(self, name, content):
        failure = self.failures.pop(0) if self.failures else None
        if failure == "before":
            raise PlaceUnavailableError("the disk is full")
        if self.kept.setdefault(name, content) != content:
            raise PlaceTakenError(name)
        if failure == "after":
            raise PlaceUnavailableError("the answer was lost")


async def sign(library):
    """Count everything there is as signed."""
    size = (await library.search.standing()).of
    tree = Tree(library.search.database)
    await tree.grow(size)
    async with library.search.database.writing() as connection:
        await checkpoints.add(connection, StoredCheckpoint(size=size, note=f"note of {size}\n", at=NOW))
    await library.search.index.follow()
    return size


def archive(library, place, *, form=None, entries=1000):
    return Archive(
        database=library.search.database,
        tree=Tree(library.search.database),
        search=library.search,
        clock=library.clock,
        plans={"vault": Plan(place=place, form=form, every=HOUR, entries=entries)},
        witnesses_required=0,
    )


def ledger(kept):
    """Put the pieces together as the how-to does."""
    head = max(name for name in kept if name.startswith("head-"))
    entries = sorted(name for name in kept if name.startswith("entries-"))
    return b"".join(kept[name] for name in (head, *entries)).splitlines(keepends=True)


async def test_pieces_fit_together_to_a_ledger_that_verifies(library):
    shelf = Shelf()
    work = archive(library, shelf, entries=3)
    for number in range(5):
        await library.permitted(f"j-{number}")
    size = await sign(library)
    await work.run()
    library.clock.advance(HOUR.total_seconds())
    await work.run()

    report = verify(ledger(shelf.kept))

    assert (report.ok, report.entries) == (True, size)
    assert "qgw_verify.py" in shelf.kept
    assert [name for name in shelf.kept if name.startswith("checkpoint-")][-1].startswith(f"checkpoint-{size:020}-")


async def test_the_verifier_that_lies_beside_them_reads_them(library, tmp_path):
    """An auditor needs nothing but the directory and Python."""
    place = tmp_path / "archive"
    place.mkdir()
    await library.permitted("j-1")
    size = await sign(library)
    library.clock.advance(HOUR.total_seconds())
    await archive(library, Directory(place)).run()
    whole = tmp_path / "ledger.jsonl"
    whole.write_bytes(b"".join(ledger({each.name: each.read_bytes() for each in place.iterdir()})))

    told = subprocess.run([sys.executable, place / "qgw_verify.py", whole], capture_output=True, text=True, check=False)

    # Three is what it says where no policy was given: it all fits together, and nobody outside was asked.
    assert (told.returncode, "FITS TOGETHER" in told.stdout) == (3, True), told.stdout + told.stderr
    assert f"{size} entries" in told.stdout
    assert {each.stat().st_mode & 0o777 for each in place.iterdir()} == {0o440}
    assert not [each for each in place.iterdir() if each.name.startswith(".")]


async def test_nothing_goes_before_it_is_signed_nor_before_its_time(library):
    shelf = Shelf()
    work = archive(library, shelf)
    await library.permitted("j-1")
    await work.run()
    assert shelf.kept == {}

    await sign(library)
    await work.run()
    first = dict(shelf.kept)
    assert first

    await library.permitted("j-2")
    await sign(library)
    await work.run()
    assert shelf.kept == first
    library.clock.advance(HOUR.total_seconds())
    await work.run()
    assert len(shelf.kept) > len(first)


@pytest.mark.parametrize("failure", ["before", "after"])
@pytest.mark.parametrize("at", range(4))
async def test_a_crash_leaves_the_same_piece_to_be_put_again(library, failure, at):
    """New entries come in meanwhile; the piece under way does not grow by them."""
    shelf = Shelf(failures=[None] * at + [failure])
    work = archive(library, shelf)
    await library.permitted("j-1")
    first = await sign(library)
    library.clock.advance(HOUR.total_seconds())
    await work.run()
    await library.permitted("j-2")
    second = await sign(library)
    for _ in range(3):
        library.clock.advance(HOUR.total_seconds())
        await work.run()

    spans = sorted(name for name in shelf.kept if name.startswith("entries-"))
    assert spans == [f"entries-{0:020}-{first:020}.jsonl", f"entries-{first:020}-{second:020}.jsonl"]
    assert verify(ledger(shelf.kept)).ok


async def test_what_went_wrong_is_told_and_tried_again_later(library):
    shelf = Shelf(failures=["before", "before"])
    work = archive(library, shelf)
    await sign(library)
    library.clock.advance(HOUR.total_seconds())
    await work.run()
    await work.run()
    async with library.search.database.reading() as connection:
        (told,) = await deliveries.every(connection)
    assert (told.problem, shelf.failures) == ("the disk is full", ["before"])

    library.clock.advance(60)
    await work.run()
    library.clock.advance(HOUR.total_seconds())
    await work.run()
    async with library.search.database.reading() as connection:
        (told,) = await deliveries.every(connection)
    assert (told.problem, told.next_seq) == ("", (await library.search.standing()).of)


async def test_another_format_is_for_programs(library):
    shelf = Shelf()
    await library.denied("budget/money")
    await sign(library)
    library.clock.advance(HOUR.total_seconds())
    await archive(library, shelf, form=Form.OCSF).run()

    ((name, content),) = shelf.kept.items()
    assert name.endswith(".jsonl")
    assert "job.denied" in {json.loads(line)["metadata"]["event_code"] for line in content.splitlines()}


async def test_a_directory_never_changes_what_it_has(tmp_path):
    place = Directory(tmp_path)
    await place.put("a", b"1")
    await place.put("a", b"1")

    with pytest.raises(PlaceTakenError, match="nothing was changed"):
        await place.put("a", b"2")
    assert (tmp_path / "a").read_bytes() == b"1"


async def test_a_directory_that_is_away_is_told(tmp_path):
    with pytest.raises(PlaceUnavailableError, match="must exist"):
        await Directory(tmp_path / "none").put("a", b"1")


@pytest.fixture
async def bucket():
    """A bucket of the fake S3, which checks signatures with botocore, and the place it makes."""
    aws = FakeAws()
    async with running(aws) as url:
        session = VendorSession("export", VendorHttp())

        def place(name="audit-log", secret=KEY.secret):
            signer = Signer(access_key_id=KEY.id, secret=Secret.of(secret), region="us-east-1", service=S3)
            return BucketPlace(
                url=f"{url}/{name}/ledger/",
                signer=signer,
                retention=timedelta(days=3650),
                mode="COMPLIANCE",
                clock=StillClock(_now()),
                send=session.send,
            )

        aws._storage.create("audit-log", "us-east-1")
        aws._storage.locking.add("audit-log")
        aws._storage.create("open", "us-east-1")
        yield aws._storage, place
        await session.close()


async def test_an_object_is_put_once_and_locked(bucket):
    storage, place = bucket

    await place().put("piece", b"content")
    await place().put("piece", b"content")
    with pytest.raises(PlaceTakenError):
        await place().put("piece", b"other")

    kept = storage.read("audit-log", "ledger/piece")
    assert (kept.body, kept.lock_mode) == (b"content", "COMPLIANCE")
    assert kept.locked_until.startswith(str(_now().year + 10)[:3])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "open"}, "InvalidRequest"),
        ({"name": "nowhere"}, "NoSuchBucket"),
        ({"secret": "not the secret of this key"}, "SignatureDoesNotMatch"),
    ],
)
async def test_a_bucket_that_does_not_lock_is_no_place(bucket, wrong, told):
    _, place = bucket

    with pytest.raises(PlaceUnavailableError, match=told):
        await place(**wrong).put("piece", b"content")


async def test_a_service_that_takes_the_lock_and_forgets_it_is_found_out(bucket, monkeypatch):
    """Some that speak like S3 ignore headers they do not know."""
    _, place = bucket
    monkeypatch.setattr("tests.fakes.vendors.aws.s3.S3._lock", lambda *_: {})

    with pytest.raises(PlaceUnavailableError, match="does not lock"):
        await place().put("piece", b"content")


def _now():
    return datetime.now(UTC)
