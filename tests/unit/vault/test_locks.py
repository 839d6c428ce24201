"""The erasure key's file: whole or refused, shared by processes, and without a trace of what it forgot."""

import multiprocessing
import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.clock import parse_rfc3339
from gateway.domain.ids import uuid7
from gateway.vault import addresses, locks
from gateway.vault.envelope import ObjectName
from gateway.vault.locks import ErasureKeyError, Locks

ORDER = "0199c0de-0000-7000-8000-00000000000{}"
ONE, TWO = "1" * addresses.LENGTH, "2" * addresses.LENGTH


@pytest.fixture
def path(tmp_path):
    return tmp_path / "erasure.key"


@pytest.fixture
def made(path):
    return Locks.create(path)


def test_a_key_is_made_once_and_read_again(path, made):
    assert Locks.create(path).of(ONE) == made.of(ONE) == Locks(path).of(ONE)
    assert made.of(ONE) != made.of(TWO)
    assert path.stat().st_mode & 0o077 == 0


def test_what_was_erased_is_gone_after_a_restart_too(path, made):
    kept = made.of(TWO)

    made.apply({ORDER.format(1): [ONE]})

    for each in (made, Locks(path)):
        assert each.of(ONE) is None
        assert each.of(TWO) == kept
        assert each.applied == {ORDER.format(1)}


def test_another_process_forgets_at_once(path, made):
    other = Locks(path)
    assert other.of(ONE) is not None

    made.apply({ORDER.format(1): [ONE[:8]]})

    assert other.of(ONE) is None


def test_the_old_file_is_overwritten(path, made, tmp_path):
    """Somebody who opened it before, or reads the free blocks of the disk, finds zeros."""
    with path.open("rb") as before:
        made.apply({ORDER.format(1): [ONE]})
        assert set(before.read()) == {0}


def test_an_order_is_applied_once(path, made):
    made.apply({ORDER.format(1): [ONE]})
    stamp = path.stat().st_mtime_ns

    made.apply({ORDER.format(1): [ONE]})

    assert path.stat().st_mtime_ns == stamp


def test_an_older_copy_catches_up(path, made, tmp_path):
    spare = tmp_path / "spare.key"
    made.copy(spare)
    made.apply({ORDER.format(1): [ONE]})
    assert Locks(spare).of(ONE) is not None

    copied = Locks(spare)
    copied.apply({ORDER.format(1): [ONE], ORDER.format(2): [TWO]})

    assert (copied.of(ONE), copied.of(TWO), copied.id) == (None, None, made.id)
    assert made.of(TWO) is not None


def _apply(path, number):
    Locks(path).apply({ORDER.format(number): [str(number) * 4]})


def test_processes_that_erase_at_once_lose_no_erasure(path, made):
    started = [multiprocessing.get_context("fork").Process(target=_apply, args=(path, each)) for each in range(6)]
    for each in started:
        each.start()
    for each in started:
        each.join()

    assert len(made.applied) == 6
    assert all(made.of(str(each) * addresses.LENGTH) is None for each in range(6))


@pytest.mark.parametrize("size", [0, 5, 40, -1])
def test_a_file_that_is_not_whole_is_refused(path, made, size):
    content = path.read_bytes()
    path.write_bytes(content[:size] if size >= 0 else content[:-1] + bytes([content[-1] ^ 1]))

    with pytest.raises(ErasureKeyError, match="damaged"):
        made.of(ONE)


def test_a_file_that_is_not_there_is_refused(path):
    with pytest.raises(ErasureKeyError, match="there is no erasure key"):
        Locks(path)


def test_a_file_that_others_may_read_is_refused(path, made):
    path.chmod(0o640)

    with pytest.raises(ErasureKeyError, match="chmod 600"):
        Locks(path)


def test_a_file_that_was_replaced_while_it_was_read_is_read_again(path, made, monkeypatch):
    made.apply({ORDER.format(1): [ONE]})
    whole, broken = locks._whole, [None]

    def once_broken(where):
        if broken:
            # What a reader sees that opened the file before it was overwritten.
            os.utime(where, ns=(1, 1))
            return broken.pop()
        return whole(where)

    monkeypatch.setattr(locks, "_whole", once_broken)

    assert Locks(path).of(ONE) is None


def test_a_crash_while_it_is_replaced_leaves_one_whole_file(path, made, monkeypatch, tmp_path):
    kept = made.of(ONE)

    def killed(*_):
        raise OSError("killed")

    monkeypatch.setattr("pathlib.Path.replace", killed)
    with pytest.raises(OSError, match="killed"):
        made.apply({ORDER.format(1): [ONE]})

    assert Locks(path).of(ONE) == kept
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_memory_is_bounded(made, monkeypatch):
    monkeypatch.setattr(locks, "REMEMBERED", 4)

    for number in range(20):
        assert made.of(f"{number:040x}"[::-1])

    assert len(made._near) <= 4


# ── addresses ────────────────────────────────────────────────────────────────────────────────────

DAYS = 20_000


def name(day, object_=0, kind="payload", project="p"):
    moment = parse_rfc3339("1970-01-01T00:00:01Z").timestamp() + day * 86_400
    made = uuid7(parse_rfc3339("1970-01-01T00:00:00Z").fromtimestamp(moment), object_.to_bytes(10, "big"))
    return ObjectName(project_id=project, object_id=made, kind=kind)


@given(before=st.integers(0, DAYS), days=st.lists(st.integers(0, DAYS), max_size=8), kept=st.integers(0, 3))
def test_what_lapsed_is_covered_and_nothing_else(before, days, kept):
    names = [name(day, number) for number, day in enumerate(days)]
    spared = {each.object_id for each in names[:kept]}
    prefixes = tuple(addresses.lapsed("p", "payload", before=before, kept=spared))

    for each, day in zip(names, days, strict=True):
        covered = addresses.address(each).startswith(prefixes) if prefixes else False
        assert covered == (day < before and each.object_id not in spared)


def test_a_lapsed_range_takes_few_prefixes():
    assert len(addresses.lapsed("p", "payload", before=DAYS)) <= 4 * 15
    assert addresses.lapsed("p", "payload", before=0) == []


@pytest.mark.parametrize("other", [{"project": "q"}, {"kind": "facts"}, {"day": 8}, {"object_": 1}])
def test_nothing_shares_an_address(other):
    assert addresses.address(name(**{"day": 7, **other})) != addresses.address(name(day=7))


def test_an_address_has_its_length():
    assert {len(addresses.address(each)) for each in (name(0), name(DAYS), name(65_536 + 5))} == {addresses.LENGTH}
    assert len(addresses.address(ObjectName(project_id="p", object_id="no uuid", kind="name"))) == addresses.LENGTH


def test_the_text_of_a_day_sorts_between_ids():
    assert name(6, 9).object_id < addresses.first_id(7) < name(7).object_id


def test_the_kinds_that_are_in_use_have_addresses_of_their_own():
    kinds = ["payload", "sent", "facts", "result", "result/job", "name", *(f"credential/v{each}" for each in range(99))]

    assert len({addresses.of_kind("p", kind) for kind in kinds}) == len(kinds)
