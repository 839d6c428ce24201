"""The IBM dialect: what IBM Quantum's clients say, in the gateway's operations, and back.

It speaks for four services of IBM below one mount: IAM (`/iam`), Global Search (`/search`), Global
Catalog (`/catalog`) and the Qiskit Runtime REST API (`/api/v1`).
"""

from base64 import b32hexencode
from collections.abc import Mapping
from uuid import UUID

from adapters.ibm import answers, credentials, instances, labels, refusals, restored, results, routes, submissions
from adapters.ibm.settings import IbmSettings
from gateway.domain.changes import Undo
from gateway.domain.errors import GatewayError
from gateway.domain.job import JobRecord
from gateway.domain.result import ProgramResult
from gateway.domain.submission import Submission
from gateway.ports.answers import Answer, Instance
from gateway.ports.dialect import Credential, SigningPair, WireAnswer, WireRequest, alone
from gateway.ports.operations import Operation

_ID_LETTERS = 19


class IbmDialect:
    """Speaks to `qiskit-ibm-runtime` 0.49 and later, unmodified."""

    name: str = "ibm"
    mounts: tuple[str, ...] = ("/ibm", "/ibm-experimental")
    """The SDK takes a URL verbatim only if it contains `experimental`; the other mount is for people."""
    signs: bool = False
    retry_seconds: float = 60.0
    """Six attempts over 15 s of pauses, each with up to some seconds of connecting."""

    def __init__(self, settings: IbmSettings) -> None:
        self._settings = settings
        self._routes = routes.routes(page_limit=settings.page_limit)

    def credential(self, request: WireRequest) -> Credential | None:
        """Find the caller's credential in the `Authorization` header."""
        return credentials.find(request)

    def open_to_all(self, request: WireRequest) -> bool:
        """Say whether a request may come without a credential: the exchange of a key for a token."""
        return credentials.is_exchange(request)

    def operation(self, request: WireRequest) -> Operation:
        """Say what a request asks for.

        Raises:
            RefusedError: no such route (`unknown-operation`), or the request is malformed.
        """
        return routes.operation(self._routes, request)

    def submission(self, body: bytes) -> Submission:
        """Read the body of a submission by itself.

        Raises:
            RefusedError: it is malformed.
        """
        return submissions.submit(alone(body)).submission

    def answer(self, operation: Operation, answer: Answer) -> WireAnswer:
        """Write an answer as IBM's services would.

        Raises:
            ResultsGoneError: the answer has no shape that the SDK would not read as an empty result.
        """
        return answers.write(operation, answer, self._settings)

    def refuse(
        self,
        request: WireRequest,  # noqa: ARG002  # every service of IBM's is answered with one body
        error: GatewayError,
        *,
        status: int,
        request_id: str,
    ) -> WireAnswer:
        """Write a refusal so that the SDK shows its text."""
        return refusals.refuse(error, status=status, request_id=request_id, docs_url=self._settings.docs_url)

    def client_job_id(self, entropy: bytes) -> str:
        """Mint a job id as IBM writes them: 20 letters and digits, the first a `d`."""
        return "d" + b32hexencode(entropy).decode("ascii").lower()[:_ID_LETTERS]

    def session_id(self, entropy: bytes) -> str:
        """Mint a session id, a random UUID."""
        return str(UUID(bytes=entropy, version=4))

    def encode_results(
        self,
        job: JobRecord,  # noqa: ARG002  # IBM's results do not name their job
        submitted: bytes,
        result: ProgramResult,
    ) -> Mapping[str, bytes]:
        """Write results in the submitted program's schema."""
        return {"result": results.encode(submitted, result)}

    def restored(
        self, job: JobRecord, submitted: bytes, documents: Mapping[str, bytes], undo: Undo
    ) -> Mapping[str, bytes]:
        """Put names, parts and what was passed through back into IBM's result, and label it."""
        return restored.documents(job, submitted, documents, undo)

    def environment(
        self,
        *,
        url: str,
        instance: Instance,
        key: str,
        pair: SigningPair,  # noqa: ARG002  # IBM's clients do not sign
    ) -> Mapping[str, str]:
        """Give the variables with which `QiskitRuntimeService()` alone comes here."""
        mount = f"{url}/ibm"
        return {
            "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
            "QISKIT_IBM_TOKEN": key,
            "QISKIT_IBM_INSTANCE": instances.crn(instance),
            "QISKIT_IBM_URL": f"{url}/ibm-experimental/api/v1",
            "IAM_URL": f"{mount}/iam",
            "GLOBAL_SEARCH_URL": f"{mount}/search",
            "GLOBAL_CATALOG_URL": f"{mount}/catalog",
        }

    def answer_headers(self, job: JobRecord) -> Mapping[str, str]:
        """Give the headers that carry the truth about where a job ran."""
        return labels.headers(job)
