"""The conformance suite of dialects: what every one must keep, ours or a third party's.

Subclass `DialectConformance` in a test module, give the examples it asks for, and let pytest collect the
subclass. Nothing here does I/O; a dialect that needs any does not conform.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import get_args

from gateway.domain.errors import NotFoundError, RefusedError
from gateway.domain.ids import WIRE_ID
from gateway.domain.job import JobRecord
from gateway.domain.result import ProgramResult
from gateway.domain.secret import Secret
from gateway.ports.answers import Answer, Instance, JobView
from gateway.ports.dialect import Dialect, SigningPair, WireRequest
from gateway.ports.operations import ExchangeKey, ListPrices, Operation, Submit

_MARK = "top-secret-value"
_BROKEN = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'{"a": 1, "a": 2}',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": 1} {"b": 2}',
    b'{"a": "\xff"}',
    b'{"a": "\\ud800"}',
    b"[" * 100_000,
    json.dumps({_MARK: _MARK}).encode(),
)
_KEY = "conformance-key"
_PAIR = SigningPair(access_key_id="QGWKCONFORMANCE1", secret=Secret.of("conformance-secret"))
_URL = "https://gateway.example.org:8443"
_ENTROPY = [sha256(bytes([number])).digest()[:16] for number in range(200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One request, what it asks for, and an answer to write."""

    request: WireRequest
    operation: type[Operation]
    answer: Answer


class DialectConformance(ABC):
    """Promises of every dialect; each `test_…` method is one."""

    unspoken: frozenset[type[Operation]] = frozenset()
    """Operations that this vendor's clients never ask for."""

    @abstractmethod
    def dialect(self) -> Dialect:
        """Make the dialect under test."""

    @abstractmethod
    def examples(self) -> Sequence[Example]:
        """Give at least one request for each operation it speaks."""

    @abstractmethod
    def results(self) -> Sequence[tuple[JobRecord, bytes, ProgramResult]]:
        """Give jobs, their submitted bodies, and what a simulator made of them (`execution_kind` in the metadata)."""

    @abstractmethod
    def instance(self) -> Instance:
        """Give a virtual account."""

    def test_mounts_are_plain_prefixes(self) -> None:
        """The HTTP room cuts them off the path."""
        for mount in self.dialect().mounts:
            assert mount.startswith("/")
            assert not mount.endswith("/")

    def test_every_operation_has_an_example(self) -> None:
        """What has no example here is not known to work."""
        shown = {example.operation for example in self.examples()}
        spoken = {asked for asked in get_args(Operation) if any(issubclass(each, asked) for each in shown)}
        assert spoken | self.unspoken == set(get_args(Operation))

    def test_every_example_is_read_as_its_operation(self) -> None:
        """The vendor's own requests are understood, and reading them twice gives the same."""
        dialect = self.dialect()
        for example in self.examples():
            read = dialect.operation(example.request)
            assert type(read) is example.operation
            # Secrets refuse to be compared, and show stars.
            assert repr(read) == repr(dialect.operation(example.request))

    def test_paths_are_matched_whole_and_raw(self) -> None:
        """No second spelling of a path reaches an operation, so no filter in front is fooled by one."""
        dialect = self.dialect()
        for example in self.examples():
            path = example.request.path
            for other in (
                f"{path}/",
                f"/{path}",
                f"{path}/..",
                f"{path}%00",
                f"{path}%2e",
                f"/x/..{path}",
                path.upper(),
            ):
                _refused(dialect, replace(example.request, path=other))

    def test_other_methods_are_refused(self) -> None:
        """A method that the vendor's clients do not use is not guessed at."""
        dialect = self.dialect()
        for example in self.examples():
            refused = _refused(dialect, replace(example.request, method="BREW"))
            assert refused.code == "unknown-operation"

    def test_broken_bodies_are_refused_without_being_quoted(self) -> None:
        """Two parsers must not read one body differently, and no refusal repeats what it was sent."""
        dialect = self.dialect()
        for example in self._with_body(Submit):
            for body in _BROKEN:
                assert _MARK not in _refused(dialect, replace(example.request, body=body)).message

    def test_a_submission_keeps_its_bytes(self) -> None:
        """What was judged is what is sent."""
        dialect = self.dialect()
        for example in self._with_body(Submit):
            read = dialect.operation(example.request)
            assert isinstance(read, Submit)
            assert read.submission.body == example.request.body
            assert read.submission.body_digest == sha256(example.request.body).hexdigest()
            assert read.submission.dialect == dialect.name
            assert dialect.submission(example.request.body).body_digest == read.submission.body_digest

    def test_a_credential_does_not_show_itself(self) -> None:
        """Whatever carries a key is logged sooner or later."""
        dialect = self.dialect()
        for example in self.examples():
            headers = {name: f"{value} {_MARK}" for name, value in example.request.headers.items()}
            assert _MARK not in repr(dialect.credential(replace(example.request, headers=headers)))

    def test_only_an_exchange_comes_without_a_credential(self) -> None:
        """Whatever else is open to all would be open to anybody."""
        dialect = self.dialect()
        for example in self.examples():
            assert dialect.open_to_all(example.request) is (example.operation in {ExchangeKey, ListPrices})

    def test_a_request_without_headers_has_no_credential(self) -> None:
        """Silence is nobody."""
        for example in self.examples():
            assert self.dialect().credential(replace(example.request, headers={})) is None

    def test_every_answer_is_written(self) -> None:
        """Each answer becomes a success, and what claims to be JSON is."""
        dialect = self.dialect()
        for example in self.examples():
            wire = dialect.answer(dialect.operation(example.request), example.answer)
            assert wire.status in range(200, 300)
            if wire.body and wire.content_type == "application/json":
                json.loads(wire.body)

    def test_internal_job_ids_stay_inside(self) -> None:
        """A client sees only the id that was minted for it."""
        dialect = self.dialect()
        for example in self.examples():
            wire = dialect.answer(dialect.operation(example.request), example.answer)
            for job in _jobs(example.answer):
                assert job.id.encode() not in wire.body

    def test_a_refusal_keeps_status_words_and_request_id(self) -> None:
        """People read the words, support asks for the id."""
        dialect, error = self.dialect(), NotFoundError(noun="job", name="said-so")
        for example in self.examples():
            wire = dialect.refuse(example.request, error, status=403, request_id="trace-me")
            assert wire.status == 403  # noqa: PLR2004  # the one given
            assert b"said-so" in wire.body
            assert "trace-me" in f"{wire.body!r} {dict(wire.headers)}"

    def test_ids_are_distinct_and_fit_into_a_path(self) -> None:
        """An id is minted before anything is recorded under it."""
        dialect = self.dialect()
        for mint in (dialect.client_job_id, dialect.session_id):
            minted = [mint(entropy) for entropy in _ENTROPY]
            assert len(set(minted)) == len(_ENTROPY)
            assert all(WIRE_ID.fullmatch(text) for text in minted)
            assert minted == [mint(entropy) for entropy in _ENTROPY]

    def test_results_say_what_computed_them(self) -> None:
        """A simulated result without its label is a lie."""
        for job, submitted, result in self.results():
            documents = self.dialect().encode_results(job, submitted, result)
            assert "result" in documents
            assert any(b'"execution_kind":"simulator"' in body.replace(b" ", b"") for body in documents.values())

    def test_the_environment_leads_here(self) -> None:
        """Every address points at the gateway, and the key is the caller's."""
        environment = self.dialect().environment(url=_URL, instance=self.instance(), key=_KEY, pair=_PAIR)
        shown = {_PAIR.access_key_id, _PAIR.secret.reveal().decode()} if self.dialect().signs else {_KEY}
        assert shown <= set(environment.values())
        addresses = [value for value in environment.values() if "://" in value]
        assert addresses
        assert all(address.startswith(f"{_URL}/") for address in addresses)

    def test_headers_tell_where_a_job_ran(self) -> None:
        """Also after a fallback whose reason no header could carry as it is."""
        for example in self.examples():
            for job in _jobs(example.answer):
                fallen = replace(job, fallback_reason="too old\r\nset-cookie: a=b — ü")
                values = list(self.dialect().answer_headers(fallen).values())
                assert job.kind.value in values
                assert job.backend in values
                assert all(" " <= letter <= "~" for value in values for letter in value)

    def _with_body(self, operation: type[Operation]) -> Iterator[Example]:
        return (example for example in self.examples() if example.operation is operation)


def _refused(dialect: Dialect, request: WireRequest) -> RefusedError:
    try:
        read = dialect.operation(request)
    except RefusedError as error:
        return error
    raise AssertionError(f"{request.method} {request.path} was read as {type(read).__name__}")


def _jobs(answer: Answer) -> list[JobRecord]:
    job = getattr(answer, "job", None)
    pages = getattr(answer, "jobs", ())
    listed = [view.job for view in pages if isinstance(view, JobView)]
    return [job, *listed] if isinstance(job, JobRecord) else listed
