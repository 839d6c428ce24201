"""Two bundles, each with its own root and its own signature, are what decides; neither may reach into the other."""

import pytest

from gateway.policy.archive import Archive, pack
from gateway.policy.bundle import PolicyBundleError, default_root, load
from gateway.policy.opa_config import config
from gateway.policy.published import ORG, PARTS, RULES, Artefact, Published, archive_of
from gateway.policy.signing import PolicySignatureError, SigningKey

OURS, CI = SigningKey.new(), SigningKey.new()


@pytest.fixture(scope="module")
def bundle():
    return load(default_root())


@pytest.fixture(scope="module")
def published(bundle):
    return Published.opened(
        rules=Artefact.built(RULES, bundle, CI, scope="rules"), org=Artefact.built(ORG, bundle, OURS, scope="org")
    )


def test_what_is_loaded_is_what_is_served(published, bundle):
    assert published.bundle.revision == bundle.revision
    assert (published.bundle.rego, published.bundle.tables) == (bundle.rego, bundle.tables)
    assert published.bundle.selftests == bundle.selftests
    assert published.bundle.tests == {}


def test_revisions_are_hashes_of_content(published, bundle):
    assert published.rules.archive.revision == bundle.policy_revision
    assert published.org.archive.revision == bundle.data_revision


def test_roots_are_disjoint(published):
    assert [each.archive.root for each in published.parts] == ["gateway", "org"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_not_taken_for_the_other(bundle, part):
    other = RULES if part == ORG else ORG
    content = pack(archive_of(other, bundle), OURS, scope=part)

    with pytest.raises(PolicyBundleError, match="owns the root"):
        _ = Artefact(part=part, content=content, key=OURS.public, scope=part).archive


def test_a_part_holds_nothing_of_the_other(bundle):
    """Rules that bring tables of their own could give anybody any role."""
    files = {**archive_of(RULES, bundle).files, "org/roles/data.json": b"{}"}
    content = pack(Archive(revision="x", root="gateway", files=files), CI, scope="rules")

    with pytest.raises(PolicyBundleError, match=r"holds org/roles/data\.json"):
        _ = Artefact(part=RULES, content=content, key=CI.public, scope="rules").archive


def test_a_revision_that_is_not_the_content_is_refused(bundle, published):
    made = archive_of(RULES, bundle)
    content = pack(Archive(revision="0" * 64, root=made.root, files=made.files), CI, scope="rules")
    rules = Artefact(part=RULES, content=content, key=CI.public, scope="rules")

    with pytest.raises(PolicyBundleError, match="calls itself 000"):
        Published.opened(rules=rules, org=published.org)


def test_tables_signed_by_another_key_are_refused(bundle, published):
    org = Artefact.built(ORG, bundle, CI, scope="org")

    with pytest.raises(PolicySignatureError, match="is trusted"):
        Published.opened(
            rules=published.rules, org=Artefact(part=ORG, content=org.content, key=OURS.public, scope="org")
        )


def test_the_configuration_of_opa_never_leaves_a_key_or_scope_out(published):
    """Without a key id, older servers took bundles that nobody had signed."""
    told = config(published, url="https://gateway.example", token_file="/run/opa/token", persist="/var/lib/opa")

    for key in (CI, OURS):
        assert f'keyid: "{key.public.id}"' in told
        assert f'  "{key.public.id}":' in told
    assert told.count("scope:") == told.count("keyid:") == told.count("persist: true") == 2
