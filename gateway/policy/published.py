"""The two bundles of one deployment: `rules` (what decides) and `org` (the tables), signed, each with its root.

OPA pulls them, and the embedded engine loads what was read back from the very same bytes after the same verification.
Rules may be signed elsewhere, by whoever reviews them; the tables belong to this deployment, whose key signs them.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self

from gateway.policy.archive import Archive, pack, unpack
from gateway.policy.bundle import Bundle, PolicyBundleError, of
from gateway.policy.signing import SigningKey, VerificationKey

RULES: Final = "rules"
ORG: Final = "org"
PARTS: Final = (RULES, ORG)
_ROOTS: Final = {RULES: "gateway", ORG: "org"}
_PLACES: Final = {RULES: ("gateway/", "selftest/"), ORG: ("org/",)}


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """One bundle as it is served: bytes, and what its signature is checked with."""

    part: str
    content: bytes = field(repr=False)
    key: VerificationKey
    scope: str

    @classmethod
    def built(cls, part: str, bundle: Bundle, key: SigningKey, *, scope: str) -> Self:
        """Pack and sign one part of a bundle."""
        content = pack(archive_of(part, bundle), key, scope=scope)
        return cls(part=part, content=content, key=key.public, scope=scope)

    @cached_property
    def archive(self) -> Archive:
        """What is in it.

        Raises:
            PolicySignatureError: its signature does not hold.
            PolicyBundleError: it is another part, or holds what belongs elsewhere.
        """
        found = unpack(self.content, self.key, scope=self.scope)
        if found.root != _ROOTS[self.part]:
            raise PolicyBundleError(
                f"the bundle of the {self.part} owns the root {found.root!r}, not {_ROOTS[self.part]!r}"
            )
        if odd := sorted(path for path in found.files if not path.startswith(_PLACES[self.part])):
            raise PolicyBundleError(f"the bundle of the {self.part} holds {odd[0]}, which is no part of them")
        return found

    @cached_property
    def etag(self) -> str:
        """The entity tag of its bytes."""
        return f'"{hashlib.sha256(self.content).hexdigest()}"'


@dataclass(frozen=True, kw_only=True)
class Published:
    """What this deployment decides by, as it is served and as it is loaded."""

    rules: Artefact
    org: Artefact
    source: Bundle | None = field(default=None, repr=False)
    """The files they were built of here, with their tests; rules that were signed elsewhere were tested there."""

    @classmethod
    def opened(cls, *, rules: Artefact, org: Artefact, source: Bundle | None = None) -> Self:
        """Put both together and read them back, so that a mistake is found here and not by the first decision.

        Raises:
            PolicySignatureError: a signature does not hold.
            PolicyBundleError: a part is not what its manifest says.
        """
        made = cls(rules=rules, org=org, source=source)
        _ = made.bundle
        return made

    @cached_property
    def bundle(self) -> Bundle:
        """Both parts, read back from their bytes."""
        files = {**self.rules.archive.files, **self.org.archive.files}
        bundle = of({path: _text(path, content) for path, content in files.items()})
        named = {RULES: bundle.policy_revision, ORG: bundle.data_revision}
        for each in self.parts:
            if each.archive.revision != named[each.part]:
                raise PolicyBundleError(
                    f"the bundle of the {each.part} calls itself {each.archive.revision}, its content is "
                    f"{named[each.part]}; build it with `gateway policy build`"
                )
        return bundle

    @property
    def parts(self) -> tuple[Artefact, Artefact]:
        """Both."""
        return self.rules, self.org


class Shelf:
    """Where whoever pulls finds what is published; a new revision is put there before OPA can be asked for it."""

    def __init__(self, read: Callable[[], Published]) -> None:
        self._read = read

    @cached_property
    def published(self) -> Published:
        """What was put there last; at first, what the files hold when somebody first looks."""
        return self._read()

    def put(self, published: Published) -> None:
        """Publish another revision from now on."""
        self.published = published


def archive_of(part: str, bundle: Bundle) -> Archive:
    """Give one part of a bundle, ready to be packed."""
    if part == RULES:
        files, revision = bundle.rules_files, bundle.policy_revision
    else:
        files, revision = bundle.org_files, bundle.data_revision
    encoded = {path: text.encode() for path, text in files.items()}
    return Archive(revision=revision, root=_ROOTS[part], files=encoded)


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise PolicyBundleError(f"the policy file {path} is no UTF-8 text") from None
