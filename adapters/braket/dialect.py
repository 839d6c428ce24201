"""The Braket dialect: what Amazon Braket's clients say, in the gateway's operations, and back.

It speaks for three services of AWS below one mount: Braket itself, the part of S3 that results are fetched from, and
the part of STS that names the account. Which one is meant stands in the credential scope of the signature.
"""

from collections.abc import Mapping
from uuid import UUID

from adapters.braket import answers, credentials, labels, prices, refusals, restored, results, submissions
from adapters.braket.routes import Routes, is_price_list
from adapters.braket.settings import BraketSettings
from gateway.domain.changes import Undo
from gateway.domain.errors import GatewayError
from gateway.domain.job import JobRecord
from gateway.domain.result import ProgramResult
from gateway.domain.submission import Submission
from gateway.ports.answers import Answer, Instance
from gateway.ports.dialect import Credential, SigningPair, WireAnswer, WireRequest, alone
from gateway.ports.operations import Operation


class BraketDialect:
    """Speaks to `amazon-braket-sdk` 1.127 and plain boto3, unmodified."""

    name: str = "braket"
    mounts: tuple[str, ...] = ("/aws",)
    signs: bool = True
    retry_seconds: float = 240.0
    """Three attempts of 60 s each, with up to 20 s of pauses between them (boto's standard mode), and a margin."""

    def __init__(self, settings: BraketSettings) -> None:
        self._settings = settings
        self._routes = Routes(settings)

    def credential(self, request: WireRequest) -> Credential | None:
        """Find the caller's signature in the `Authorization` header."""
        return credentials.find(request)

    def open_to_all(self, request: WireRequest) -> bool:
        """Say no, but to the price list: the SDK's cost tracker signs nothing."""
        return self._settings.price_list and is_price_list(request)

    def operation(self, request: WireRequest) -> Operation:
        """Say what a request asks for.

        Raises:
            RefusedError: no such route (`unknown-operation`), not offered, or the request is malformed.
        """
        return self._routes.operation(request)

    def submission(self, body: bytes) -> Submission:
        """Read the body of a submission by itself.

        Raises:
            RefusedError: it is malformed.
        """
        return submissions.submit(alone(body), region=self._settings.region).submission

    def answer(self, operation: Operation, answer: Answer) -> WireAnswer:
        """Write an answer as AWS's services would.

        Raises:
            RefusedError: an object that is not where it was asked for.
        """
        return answers.write(operation, answer, self._settings)

    def refuse(self, request: WireRequest, error: GatewayError, *, status: int, request_id: str) -> WireAnswer:
        """Write a refusal so that boto raises the right exception and shows its text."""
        return refusals.refuse(request, error, status=status, request_id=request_id)

    def client_job_id(self, entropy: bytes) -> str:
        """Mint a task id, a random UUID; its ARN is built around it when it is shown."""
        return str(UUID(bytes=entropy, version=4))

    def session_id(self, entropy: bytes) -> str:
        """Mint a session id; Braket's clients open none."""
        return str(UUID(bytes=entropy, version=4))

    def encode_results(self, job: JobRecord, submitted: bytes, result: ProgramResult) -> Mapping[str, bytes]:
        """Write `results.json` of a gate-model task."""
        return {"result": results.encode(job, submitted, result)}

    def restored(
        self,
        job: JobRecord,
        submitted: bytes,
        documents: Mapping[str, bytes],
        undo: Undo,  # noqa: ARG002  # Braket's results name qubits
    ) -> Mapping[str, bytes]:
        """Put the client's own program back into Braket's results, and label them."""
        return restored.documents(job, submitted, documents)

    def environment(
        self,
        *,
        url: str,
        instance: Instance,  # noqa: ARG002  # the signing pair alone says whose project it is
        key: str,  # noqa: ARG002  # AWS's clients sign in place of showing a key
        pair: SigningPair,
    ) -> Mapping[str, str]:
        """Give the variables with which `AwsDevice` alone comes here; other services of AWS stay where they are."""
        listed = {"BRAKET_PRICE_OFFERS_URL": f"{url}/aws{prices.PATH}"} if self._settings.price_list else {}
        return {
            **listed,
            "AWS_ENDPOINT_URL_BRAKET": f"{url}/aws/braket",
            "AWS_ENDPOINT_URL_S3": f"{url}/aws/s3",
            "AWS_ENDPOINT_URL_STS": f"{url}/aws/sts",
            "AWS_ACCESS_KEY_ID": pair.access_key_id,
            "AWS_SECRET_ACCESS_KEY": pair.secret.reveal().decode("ascii"),
            "AWS_DEFAULT_REGION": self._settings.region,
        }

    def answer_headers(self, job: JobRecord) -> Mapping[str, str]:
        """Give the headers that carry the truth about where a job ran."""
        return labels.headers(job)
