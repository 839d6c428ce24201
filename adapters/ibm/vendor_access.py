"""The way into IBM's runtime API: a token of IAM for the account's key, the instance, and the version of the API.

A token is kept in memory until most of its life is over, so that the key is opened about once an hour. Whatever
goes wrong at IAM, nothing of the question itself has left: it is never a lost answer.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from adapters.ibm.errors import GRANT_TYPE
from adapters.ibm.settings import IbmSettings
from gateway.domain.secret import Secret
from gateway.ports.vendor import (
    Account,
    AnswerLostError,
    Call,
    VendorAnswer,
    VendorCredentialError,
    VendorRefusedError,
    VendorRequest,
    VendorUnreachableError,
    plain_words,
    understood,
)

API_VERSION: Final = "2026-04-15"
_TOKEN: Final = "access-token"  # noqa: S105  # what it is remembered as
_PURPOSE: Final = "token"
_LIFE_USED: Final = 0.8
_HOME: Final = "us-east"
_DENIED: Final = frozenset({400, 401, 403})
_SECONDS: Final = 30.0
_LARGEST: Final = 64 * 1024 * 1024


class Access:
    """Sends questions to the runtime API in an account's name."""

    def __init__(self, settings: IbmSettings) -> None:
        self._iam, self._api = settings.iam_url.rstrip("/"), settings.api_url.rstrip("/")

    def base(self, account: Account) -> str:
        """Give the address of the API in the account's region."""
        where = region(account)
        return self._api.replace("{region}", "" if where == _HOME else f"{where}.")

    async def ask(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        seconds: float = _SECONDS,
        largest: int = _LARGEST,
    ) -> VendorAnswer:
        """Send one question; gives its answer when that is a success.

        Raises:
            GatewayError: as `ports.vendor.understood` says, and for IAM `VendorCredentialError` or that nothing left.
        """
        headers = {
            "Authorization": f"Bearer {(await self._token(call)).reveal().decode('ascii')}",
            "Service-CRN": call.account.attributes["crn"],
            "IBM-API-Version": API_VERSION,
            "Accept": "application/json",
        }
        if body:
            headers["Content-Type"] = "application/json"
        url = f"{self.base(call.account)}{path}"
        request = VendorRequest(method=method, url=url, headers=headers, body=body, seconds=seconds, largest=largest)
        answer = await call.send(request)
        return understood(answer, vendor="ibm", words=_words(answer.body))

    async def _token(self, call: Call) -> Secret:
        if (kept := call.recall(_TOKEN)) is not None:
            return kept
        key = (await call.open(_PURPOSE))["api_key"]
        form = {"grant_type": GRANT_TYPE, "apikey": key.reveal().decode(), "response_type": "cloud_iam"}
        request = VendorRequest(
            method="POST",
            url=f"{self._iam}/identity/token",
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            body=urlencode(form).encode("ascii"),
        )
        try:
            answer = await call.send(request)
            granted = _granted(understood(answer, vendor="ibm", words=_words(answer.body)))
        except VendorRefusedError as error:
            raise _denied(error) from None
        except AnswerLostError as error:
            raise VendorUnreachableError(f"IBM's IAM gave no token, so nothing was sent: {error.message}") from None
        token, seconds = granted
        call.remember(_TOKEN, token, call.now + timedelta(seconds=_LIFE_USED * seconds))
        return token


def region(account: Account) -> str:
    """Give the region of an account's instance."""
    return account.attributes["crn"].split(":")[5]


def _denied(error: VendorRefusedError) -> VendorCredentialError | VendorUnreachableError:
    """Tell a key that is not accepted from an address that is not IAM's."""
    if error.status in _DENIED:
        return VendorCredentialError(vendor="ibm", status=error.status, words=error.message)
    return VendorUnreachableError(f"IBM's IAM gave no token, so nothing was sent: {error.message}")


def _granted(answer: VendorAnswer) -> tuple[Secret, float]:
    try:
        told = json.loads(answer.body)
        token, seconds = str(told["access_token"]), float(told["expires_in"])
        return Secret(token.encode("ascii")), seconds
    except (ValueError, KeyError, TypeError):
        raise AnswerLostError("its answer is none of IAM's") from None


def _words(body: bytes) -> str:
    """Find IBM's words in the runtime API's container of errors, or in IAM's."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    errors = told.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else told.get("error")
    if isinstance(first, dict):
        return _sentence(first)
    return str(told.get("errorMessage") or "")


def _sentence(error: Mapping[str, Any]) -> str:
    """Keep the code: IBM's documents explain errors by it."""
    message, code = plain_words(str(error.get("message") or "")), error.get("code")
    return f"{message} (error code {code})" if code else message
