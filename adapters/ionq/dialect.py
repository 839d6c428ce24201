"""The IonQ dialect: what IonQ's clients say to API v0.4, in the gateway's operations, and back."""

from collections.abc import Mapping
from uuid import UUID

from adapters.ionq import answers, credentials, ids, labels, refusals, restored, results, routes, submissions
from adapters.ionq.settings import IonqSettings
from gateway.domain.changes import Undo
from gateway.domain.errors import GatewayError
from gateway.domain.job import JobRecord
from gateway.domain.result import ProgramResult
from gateway.domain.submission import Submission
from gateway.ports.answers import Answer, Instance
from gateway.ports.dialect import Credential, SigningPair, WireAnswer, WireRequest, alone
from gateway.ports.operations import Operation


class IonqDialect:
    """Speaks to `qiskit-ionq` 1.1, unmodified, and to anything else that speaks IonQ's v0.4."""

    name: str = "ionq"
    mounts: tuple[str, ...] = ("/ionq/v0.4", "/v0.4")
    """The second is for clients that resolve the urls of results against the host, as at IonQ itself."""
    signs: bool = False
    retry_seconds: float = 10.0
    """The SDK repeats a POST four times at once after a gateway timeout in between, and never after a cut."""

    def __init__(self, settings: IonqSettings) -> None:
        self._settings = settings
        self._routes = routes.routes(settings)

    def credential(self, request: WireRequest) -> Credential | None:
        """Find the caller's key in the `Authorization` header."""
        return credentials.find(request)

    def open_to_all(self, request: WireRequest) -> bool:
        """Say whether a request may come without a credential: the SDK counts qubits before it has one."""
        return credentials.is_lookup(request)

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
        return submissions.submit(alone(body), self._settings).submission

    def answer(self, operation: Operation, answer: Answer) -> WireAnswer:
        """Write an answer as IonQ's API would.

        Raises:
            RefusedError: there is no such document, circuit, price or period.
        """
        return answers.write(operation, answer, self._settings)

    def refuse(self, request: WireRequest, error: GatewayError, *, status: int, request_id: str) -> WireAnswer:
        """Write a refusal so that the SDK shows its text, and asks no second time."""
        return refusals.refuse(request, error, status=status, request_id=request_id)

    def client_job_id(self, entropy: bytes) -> str:
        """Mint a job id, a UUID with room for the job's children."""
        return ids.parent(entropy)

    def session_id(self, entropy: bytes) -> str:
        """Mint a session id, a random UUID."""
        return str(UUID(bytes=entropy, version=4))

    def encode_results(self, job: JobRecord, submitted: bytes, result: ProgramResult) -> Mapping[str, bytes]:
        """Write results as probabilities, histogram and shots, of each circuit."""
        return results.encode(job, submitted, result)

    def restored(
        self,
        job: JobRecord,  # noqa: ARG002  # its warnings say that it was changed
        submitted: bytes,  # noqa: ARG002  # IonQ gives nothing of it back
        documents: Mapping[str, bytes],
        undo: Undo,
    ) -> Mapping[str, bytes]:
        """Put the names of registers back into IonQ's shots."""
        return restored.shots(documents, undo.registers)

    def environment(
        self,
        *,
        url: str,
        instance: Instance,  # noqa: ARG002  # an IonQ key knows its project
        key: str,
        pair: SigningPair,  # noqa: ARG002  # IonQ's clients do not sign
    ) -> Mapping[str, str]:
        """Give the variables with which `IonQProvider()` alone comes here."""
        return {"IONQ_API_URL": f"{url}{self.mounts[0]}", "IONQ_API_KEY": key}

    def answer_headers(self, job: JobRecord) -> Mapping[str, str]:
        """Give the headers that carry the truth about where a job ran."""
        return labels.headers(job)
