"""What was signed last is kept outside the database, too, and believed before it."""

import contextlib

import pytest

from gateway.audit.pin import NAME, PinUnreadableError
from gateway.audit.publish import CheckpointRefusedError
from gateway.store import checkpoints
from tests.notary import Scribe
from tests.unit.audit.signing.histories import write


async def test_without_the_pin_the_database_is_compared_with_itself(books, signer, make, tmp_path):
    await write(books, 9)
    await signer.sign()
    (tmp_path / NAME).unlink()

    again = make()
    await again.start()

    assert again.pin.read()[1].size == signer.newest.size


async def test_the_pin_of_another_ledger_is_refused(books, signer, make):
    other = Scribe.begin(3, origin="other/ledger")
    signer.pin.write(other.sign())

    with pytest.raises(CheckpointRefusedError, match="another ledger"):
        await make().start()


@pytest.mark.parametrize("content", [b"", b"torn", b"a\n1\n"])
async def test_a_pin_that_is_none_is_refused(books, signer, make, tmp_path, content):
    (tmp_path / NAME).write_bytes(content)

    with pytest.raises(PinUnreadableError):
        await make().start()


async def test_what_is_signed_is_pinned_before_it_is_stored(books, signer, monkeypatch):
    """A crash in between leaves a pin that the ledger continues, and nothing that was given out and forgotten."""

    async def crash(*_):
        raise RuntimeError("crash")

    await write(books, 3)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "add", crash)
        with contextlib.suppress(RuntimeError):
            await signer.sign()
    pinned = signer.pin.read()[1].size

    await write(books, 1)
    assert (await signer.sign()).size == pinned + 1
