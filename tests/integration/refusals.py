"""What every refusal must look like, whoever is refused and why."""

from tests.integration.people import CANARY
from tests.running import Reply


def check(reply: Reply, status: int, code: str) -> str:
    """See that an answer refuses in every shape that IBM's clients read, and give its sentence."""
    assert reply.status == status, reply.body
    body = reply.json()
    message = body["error"]["message"]
    assert (body["error"]["code"], body["errors"][0]["code"], body["errorCode"]) == (code, code, code)
    assert body["errors"][0]["message"] == body["errorMessage"] == message
    # The SDK prints the message only of an answer that carries this header.
    assert reply.headers["uber-trace-id"] == body["trace"] == reply.headers["qgw-request-id"]
    assert reply.headers["cache-control"] == "no-store"
    assert message == message.strip(" .\n")
    assert CANARY not in reply.body.decode()
    return str(message)
