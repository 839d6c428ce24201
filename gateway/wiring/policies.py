"""What a deployment decides by, packed and signed once and read back as OPA would read it, and who decides by it."""

from pathlib import Path
from typing import Final

from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret
from gateway.policy.bundle import Bundle, PolicyBundleError, default_root, load
from gateway.policy.embedded import EmbeddedDecisionPoint
from gateway.policy.live import BundlePoint
from gateway.policy.published import ORG, RULES, Artefact, Published
from gateway.policy.signing import SigningKey, VerificationKey
from gateway.settings.policy import Policy
from gateway.telemetry.metrics import Metrics
from gateway.wiring import secret_files

SEED: Final = "policy-signing"
"""Name of the deployment's secret from which the key is derived that signs what nobody else signed."""
_TOKEN_BYTES: Final = 16
"""Of a token that nobody guesses."""


def published(policy: Policy, seed: Secret) -> Published:
    """Read rules and tables, sign what nobody else has signed, and read all of it back.

    Raises:
        PolicyBundleError: a file is not what it must be.
        PolicySignatureError: the rules are not signed by whom the settings trust.
    """
    bundle, own = load(policy.directory or default_root(), policy.overrides), SigningKey.derived(seed)
    org, signed = Artefact.built(ORG, bundle, own, scope=ORG), _signed_elsewhere(policy)
    if signed is not None:
        return Published.opened(rules=signed, org=org)
    rules = Artefact.built(RULES, bundle, own, scope=policy.bundle_scope)
    return Published.opened(rules=rules, org=org, source=bundle)


def decision_point(policy: Policy, bundle: Bundle, metrics: Metrics) -> BundlePoint:
    """Make who decides; nothing is started yet."""
    deadline = policy.deadline_ms / 1000
    if policy.engine == "embedded":
        return EmbeddedDecisionPoint(bundle, policy.workers, deadline)
    # Loads aiohttp, a third of a second that the embedded engine need not wait for.
    from gateway.policy.opa import OpaServer
    from gateway.policy.opa_point import OpaDecisionPoint

    path = policy.opa.token_file
    token = (
        None if path is None else secret_files.read(path, "policy.opa.token_file", InsecureError, at_least=_TOKEN_BYTES)
    )
    servers = [OpaServer(url, token=token, deadline_seconds=deadline) for url in policy.opa.urls]
    return OpaDecisionPoint(servers, bundle, metrics.policy, deadline_seconds=deadline)


def _signed_elsewhere(policy: Policy) -> Artefact | None:
    if policy.bundle is None or policy.bundle_key is None:
        return None
    if policy.overrides is not None and any(policy.overrides.rglob("*.rego")):
        raise PolicyBundleError(
            "policy.overrides holds Rego, and the rules come from policy.bundle; build the bundle with it, and "
            "leave only tables there"
        )
    key = VerificationKey.read(_content(policy.bundle_key, "policy.bundle_key"))
    content = _content(policy.bundle, "policy.bundle")
    return Artefact(part=RULES, content=content, key=key, scope=policy.bundle_scope)


def _content(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyBundleError(f"the file that {setting} names cannot be read: {error.strerror}") from None
