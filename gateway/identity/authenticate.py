"""Who asks: from a credential to a caller, without I/O, because every call and every poll comes through here.

Nothing is remembered between two calls: key, principal and project are looked up in the in-memory view
each time, so that revoking or disabling takes effect within the age of that view. What a credential's owner
did wrong (revoked, expired, too early) is told only after the secret was proven.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from gateway.domain.clock import Clock, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.ids import KeyId
from gateway.domain.principal import Caller, Key
from gateway.domain.secret import Secret
from gateway.identity.api_keys import MalformedKeyError, Peppers, parse
from gateway.identity.signing import SigningPairs, named
from gateway.identity.tokens import Tokens
from gateway.ports.answers import TokenGranted
from gateway.ports.dialect import AccessToken, ApiKey, Credential, Signature, SigningPair
from gateway.ports.operations import ExchangeKey
from gateway.store.view import IdentityView

_NO_MAC: Final = bytes(32)
"""What the key of an unknown id is compared with, so that unknown ids take as long as wrong secrets."""


class MissingCredentialError(RefusedError):
    """The request shows no credential where the vendor's SDK would put one."""

    code = "credential-missing"

    def __init__(self) -> None:
        super().__init__("the request shows no credential; set a gateway key where the SDK takes its API token")


class InvalidCredentialError(RefusedError):
    """The credential has the right form but is nobody's."""

    code = "credential-invalid"

    def __init__(self) -> None:
        super().__init__("the gateway key is not known here; check which gateway issued it, or ask for a new one")


class KeyOrphanedError(RefusedError):
    """The key's principal or project is not known, as in a database restored in part."""

    code = "credential-invalid"

    def __init__(self, key: Key) -> None:
        super().__init__(f"gateway key {key.id} belongs to nobody known here; ask an administrator for a new one")
        self.key_id = key.id


class KeyRevokedError(RefusedError):
    """The key was withdrawn."""

    code = "key-revoked"

    def __init__(self, key: Key, at: datetime) -> None:
        super().__init__(f"gateway key {key.id} was revoked at {rfc3339(at)}; ask an administrator for a new one")
        self.key_id = key.id


class KeyExpiredError(RefusedError):
    """The key's time is over."""

    code = "key-expired"

    def __init__(self, key: Key) -> None:
        super().__init__(
            f"gateway key {key.id} expired at {rfc3339(key.expires_at)}; ask an administrator to rotate it"
        )
        self.key_id = key.id


class KeyNotYetValidError(RefusedError):
    """The key's time has not come."""

    code = "key-not-yet-valid"

    def __init__(self, key: Key) -> None:
        super().__init__(
            f"gateway key {key.id} is valid from {rfc3339(key.not_before)} on; wait, or check the clock of the gateway"
        )
        self.key_id = key.id


class PrincipalDisabledError(RefusedError):
    """The principal behind the key may not act at present."""

    code = "principal-disabled"

    def __init__(self, key: Key) -> None:
        super().__init__(f"the principal of gateway key {key.id} is disabled; ask an administrator to enable it")
        self.key_id = key.id


class Authenticator:
    """Turns credentials into callers, and keys into tokens."""

    def __init__(
        self, *, view: IdentityView, peppers: Peppers, tokens: Tokens, pairs: SigningPairs, clock: Clock
    ) -> None:
        self._view, self._peppers, self._tokens, self._pairs, self._clock = view, peppers, tokens, pairs, clock
        self.used_today: set[KeyId] = set()
        """Keys that were used; a worker writes their last day of use and empties the set."""

    def caller(self, credential: Credential | None) -> Caller:
        """Say who asks.

        Raises:
            MissingCredentialError: none was shown.
            MalformedKeyError: not the form of a key, or a typo.
            InvalidCredentialError: nobody's key.
            KeyOrphanedError: of a principal or project that is not known.
            InvalidTokenError: no token of ours.
            TokenExpiredError: a token of ours that is over.
            InvalidSignatureError: not made with the pair of the key it names.
            ClockSkewError: signed too long ago, or in the future.
            KeyRevokedError: withdrawn.
            KeyNotYetValidError: too early.
            KeyExpiredError: too late.
            PrincipalDisabledError: its principal may not act.
        """
        if credential is None:
            raise MissingCredentialError
        caller = self._admit(self._key_of(credential))
        key = caller.key
        self.used_today.add(key.id)
        return caller

    def owner(self, key_id: KeyId) -> Caller:
        """Say who holds a key that was proven before, as somebody signed in did; refuses what `caller` refuses of it.

        Raises:
            RefusedError: there is no such key, or it is not good any more.
        """
        return self._admit(self._named(key_id))

    def expect(self, signature: Signature) -> bool:
        """Say whether a signature names a key that is good now, which decides how much of a body is read.

        It proves nothing: only `caller` does, once the body is there. A caller is not told which of both it was.
        """
        try:
            self._admit(self._named(named(signature)))
        except RefusedError:
            return False
        return True

    def pair(self, key: Key) -> SigningPair:
        """Give the signing pair of a key, for SDKs that sign in place of showing one."""
        return self._pairs.of(key.id)

    def exchange(self, operation: ExchangeKey) -> TokenGranted:
        """Trade a key for a token; refuses exactly what `caller` refuses."""
        return self._tokens.grant(self.caller(ApiKey(operation.key)).key)

    def take_used(self) -> frozenset[KeyId]:
        """Give the keys used since the last time this was asked, and forget them."""
        used, self.used_today = frozenset(self.used_today), set()
        return used

    def explain(self, key_text: str) -> list[str]:
        """Tell an operator, check by check, why a key is accepted or refused; never shows the key."""
        return list(self._explanation(Secret.of(key_text.strip())))

    def _explanation(self, text: Secret) -> Iterator[str]:
        try:
            parsed = parse(text)
        except MalformedKeyError as error:
            yield f"refused ({error.code}): {error.message}"
            return
        yield f"form and checksum are right, the key's id is {parsed.id}"
        if self._view.stored_key(parsed.id) is None:
            yield f"refused (credential-invalid): this gateway has no key with the id {parsed.id}"
            return
        yield from self._outcome(lambda: self._admit(self._proven(text)))

    def _outcome(self, admit: Callable[[], Caller]) -> Iterator[str]:
        try:
            caller = admit()
        except InvalidCredentialError:
            yield "refused (credential-invalid): the id is known, but the secret is not the one issued with it"
        except RefusedError as error:
            yield f"refused ({error.code}): {error.message}"
        else:
            key = caller.key
            yield f"principal {caller.principal.name}, project {caller.project.name}, roles {', '.join(key.roles)}"
            yield f"accepted until {rfc3339(key.expires_at)}"

    def _key_of(self, credential: Credential) -> Key:
        match credential:
            case ApiKey():
                return self._proven(credential.key)
            case AccessToken():
                return self._named(self._tokens.read(credential.token))
            case Signature():
                return self._signed(credential)

    def _proven(self, text: Secret) -> Key:
        parsed = parse(text)
        stored = self._view.stored_key(parsed.id)
        if stored is None:
            self._peppers.matches(text, mac=_NO_MAC, version=Peppers.CURRENT)
            raise InvalidCredentialError
        if not self._peppers.matches(text, mac=stored.mac, version=stored.pepper_version):
            raise InvalidCredentialError
        return stored.key

    def _signed(self, shown: Signature) -> Key:
        if not (key_id := named(shown)):
            raise InvalidCredentialError
        # Before the key is looked up, so that an id nobody has reads like a wrong secret.
        self._pairs.check(shown, now=self._clock.now())
        return self._named(key_id)

    def _named(self, key_id: KeyId) -> Key:
        key = self._view.key(key_id)
        if key is None:
            raise InvalidCredentialError
        return key

    def _admit(self, key: Key) -> Caller:
        now = self._clock.now()
        if key.revoked_at is not None:
            raise KeyRevokedError(key, key.revoked_at)
        if now < key.not_before:
            raise KeyNotYetValidError(key)
        if now >= key.expires_at:
            raise KeyExpiredError(key)
        return self._caller(key)

    def _caller(self, key: Key) -> Caller:
        principal = self._view.principal(key.principal_id)
        project = self._view.project(key.project_id)
        if principal is None or project is None:
            raise KeyOrphanedError(key)
        if principal.disabled:
            raise PrincipalDisabledError(key)
        return Caller(principal=principal, project=project, key=key)
