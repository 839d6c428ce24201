"""A master key is made once, read only where nobody else can, and never shown."""

import pickle
import stat

import pytest

from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret
from gateway.vault.keys import FileKeyProvider, KeyProviderRefusedError, MasterKeyError, create_master_key


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "master.key"
    create_master_key(path)
    return path


def test_a_new_master_key_is_32_bytes_for_its_owner_only(path):
    assert path.stat().st_size == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_master_keys_differ(path, tmp_path):
    create_master_key(tmp_path / "other.key")

    assert FileKeyProvider(path).id != FileKeyProvider(tmp_path / "other.key").id


def test_a_master_key_is_never_replaced(path):
    """Replacing it would lose everything it wrapped."""
    before = path.read_bytes()

    with pytest.raises(MasterKeyError, match="exists already"):
        create_master_key(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601, 0o777])
def test_a_key_file_others_could_touch_is_refused_naming_the_mend(path, mode):
    path.chmod(mode)

    with pytest.raises(InsecureError, match=r"chmod 600 master\.key"):
        FileKeyProvider(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_of_its_owner_alone_is_read(path, mode):
    path.chmod(mode)

    assert FileKeyProvider(path).id.startswith("file:")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_file_of_another_size_is_refused(path, size):
    path.write_bytes(bytes(size))

    with pytest.raises(MasterKeyError, match="32 bytes"):
        FileKeyProvider(path)


def test_an_absent_key_file_is_refused_naming_the_mend(tmp_path):
    with pytest.raises(MasterKeyError, match="gateway init"):
        FileKeyProvider(tmp_path / "master.key")


def test_a_directory_is_no_key_file(tmp_path):
    (tmp_path / "master.key").mkdir(mode=0o700)

    with pytest.raises(MasterKeyError, match="32 bytes"):
        FileKeyProvider(tmp_path / "master.key")


def test_errors_do_not_tell_where_the_key_lies(path):
    path.chmod(0o644)

    with pytest.raises(MasterKeyError) as refused:
        FileKeyProvider(path)

    assert str(path.parent) not in refused.value.message


def test_a_wrapped_key_unwraps_with_the_same_master_key_and_context(path):
    wrapped = FileKeyProvider(path).wrap(b"k" * 32, b"project-a")

    assert FileKeyProvider(path).unwrap(wrapped, b"project-a") == b"k" * 32


def test_another_context_or_master_key_does_not_unwrap(path, tmp_path):
    provider = FileKeyProvider(path)
    wrapped = provider.wrap(b"k" * 32, b"project-a")
    create_master_key(tmp_path / "other.key")

    with pytest.raises(KeyProviderRefusedError):
        provider.unwrap(wrapped, b"project-b")
    with pytest.raises(KeyProviderRefusedError, match="its database was made with"):
        FileKeyProvider(tmp_path / "other.key").unwrap(wrapped, b"project-a")


def test_each_purpose_has_a_key_of_its_own_and_keeps_it(path):
    provider = FileKeyProvider(path)
    purposes = ["api-key-pepper/1", "api-key-pepper/2", "access-token/1", "wrap/1", "fingerprint/1", ""]

    derived = [provider.derive(purpose) for purpose in purposes]

    assert len(set(derived)) == len(purposes)
    assert derived == [FileKeyProvider(path).derive(purpose) for purpose in purposes]
    assert all(len(key) == 32 for key in derived)


def test_a_derived_key_is_not_the_one_that_wraps(path):
    """`derive` takes any text, so no text may reach the keys used inside."""
    provider = FileKeyProvider(path)

    assert provider.id != "file:" + provider.derive("fingerprint/1").hex()[:16]


def test_the_provider_shows_nothing_of_the_key(path):
    provider = FileKeyProvider(path)

    assert path.read_bytes().hex() not in repr(provider) + repr(vars(provider)) + provider.id


def test_a_secret_never_shows_itself():
    """The canary: if any of these prints it, so will a log line some day."""
    canary = Secret(b"canary-7f3a")

    shown = [
        repr(canary),
        str(canary),
        f"{canary}",
        f"{canary!r:>40}",
        repr([canary]),
        repr({"k": canary}),
        f"{canary!s}",
    ]

    assert not any("canary-7f3a" in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(canary)
