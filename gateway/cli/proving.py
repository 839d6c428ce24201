"""What `gateway audit` compares a ledger with: checkpoints, and whose signatures under them count."""

import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import rich_click as click

from gateway.audit import check
from gateway.audit.note import NoteError
from gateway.audit.trust import Trust
from gateway.audit.verify import ExpectedHead, Report, Verifier
from gateway.audit.witnessed import Outsiders, notes_in
from gateway.wiring import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What an auditor brings along."""

    trust: Trust | None
    checkpoints: tuple[bytes, ...]
    known: tuple[bytes, ...]
    not_before: int | None
    keeps: int = 0
    """For how many days entries must have been kept whole."""

    @classmethod
    def read(
        cls,
        *,
        policy: Path | None,
        checkpoints: Path | None,
        known: tuple[Path, ...],
        within: int | None,
        keeps: int,
    ) -> Self:
        """Read the files; what is none ends the command with exit status 2."""
        if policy is None and checkpoints is not None:
            raise click.UsageError("--checkpoints needs --policy: whose signatures count")
        try:
            return cls(
                trust=Trust.parse(policy.read_text("utf-8")) if policy else None,
                checkpoints=tuple(notes_in(checkpoints.read_bytes())) if checkpoints else (),
                known=tuple(note for path in known for note in notes_in(path.read_bytes())),
                not_before=int(time.time()) - within if within else None,
                keeps=keeps,
            )
        except (NoteError, UnicodeDecodeError) as error:
            raise click.UsageError(f"a file cannot be read: {error}") from None

    def verify(self, lines: Iterable[bytes], *, expected_head: ExpectedHead | None, strict: bool) -> Report:
        """Verify an export."""
        if self.trust is None and (self.known or self.not_before):
            raise click.UsageError("--known and --within need --policy: whose signatures count")
        verifier = Verifier(strict=strict, keeps=self.keeps)
        if expected_head is not None:
            verifier.expect("the expected head", expected_head)
        outsiders = self.outsiders(verifier, self.trust, self.checkpoints) if self.trust else None
        rest = iter(lines)
        verifier.header(next(rest, b""))
        verifier.feed(rest)
        return outsiders.report(not_before=self.not_before) if outsiders else verifier.report()

    def outsiders(self, verifier: Verifier, trust: Trust, own: Iterable[bytes]) -> Outsiders:
        """Add to a verifier what outsiders say."""
        return Outsiders(trust, verifier, checkpoints=own, known=self.known)


async def stored(house: House, given: Given, *, expected_head: ExpectedHead | None, strict: bool) -> Report:
    """Verify the ledger in the database, against its own checkpoints and what was brought along."""
    own = [note async for note in checkpoints(house)]
    trust = given.trust or await house.proving.trust()
    return await check.whole(
        house.database,
        expected_head=expected_head,
        strict=strict,
        outsiders=None if trust is None else lambda verifier: given.outsiders(verifier, trust, own),
        not_before=given.not_before,
        keeps=given.keeps,
    )


async def checkpoints(house: House, *, sign: bool = False) -> AsyncIterator[bytes]:
    """Give every kept checkpoint with its cosignatures, oldest first; with `sign`, one of the ledger as it is now."""
    if sign:
        await house.checkpoints.start()
        await house.checkpoints.sign()
    async for note in house.proving.notes():
        yield note
