"""The configuration with which an OPA serves this deployment: what it pulls, from where, and whose signatures count.

OPA takes keys in its configuration only, not as files, so the text is made here and not by hand. Key ids are never left
out: without one, older servers accepted bundles that nobody had signed.
"""

from textwrap import indent
from typing import Final

from gateway.policy.published import Artefact, Published

_POLLING_SECONDS: Final = (5, 10)
"""An OPA that cannot get the published policies within two of these pauses is an alarm of the gateway."""

_FRAME: Final = """\
# Made by `gateway policy opa-config`; make it anew after a change of keys or addresses. Use:
#   opa run --server --config-file opa.yaml --skip-version-check
services:
  gateway:
    url: {url}
    credentials:
      bearer:
        token_path: {token_file}
keys:
{keys}bundles:
{bundles}{persistence}default_decision: gateway/main/decision
status:
  # OPA's log tells of every change of bundles, and the gateway can ask why one was not taken.
  console: true
"""
_KEY: Final = """\
  "{id}":
    algorithm: ES256
    key: |
{pem}"""
_BUNDLE: Final = """\
  {part}:
    service: gateway
    resource: bundles/{part}.tar.gz
    persist: {persist}
    polling:
      min_delay_seconds: {least}
      max_delay_seconds: {most}
    signing:
      keyid: "{key}"
      scope: {scope}
"""


def config(published: Published, *, url: str, token_file: str, persist: str | None = None) -> str:
    """Write it, as YAML.

    Args:
        published: what OPA is to pull.
        url: address of the gateway, as OPA reaches it.
        token_file: file on OPA's machine with a gateway key that may read policies; OPA reads it for each pull.
        persist: directory on OPA's machine where bundles outlive a restart; absent keeps them in memory only.
    """
    keys = {each.key.id: each.key for each in published.parts}
    return _FRAME.format(
        url=url,
        token_file=token_file,
        keys="".join(_KEY.format(id=name, pem=indent(key.pem, " " * 6)) for name, key in sorted(keys.items())),
        bundles="".join(_bundle(each, persist=persist is not None) for each in published.parts),
        persistence=f"persistence_directory: {persist}\n" if persist else "",
    )


def _bundle(artefact: Artefact, *, persist: bool) -> str:
    least, most = _POLLING_SECONDS
    return _BUNDLE.format(
        part=artefact.part,
        persist=str(persist).lower(),
        least=least,
        most=most,
        key=artefact.key.id,
        scope=artefact.scope,
    )
