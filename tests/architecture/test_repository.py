"""What may not lie in the repository: addresses of registries, paths of somebody's machine, open promises."""

import re

import pytest

THIS = "tests/architecture/test_repository.py"
REGISTRY = re.compile(
    r"index-url|find-links|pypi\.org|pythonhosted|proxy\.golang|npmjs|artifactory|nexus", re.IGNORECASE
)
LOOK_FOR_TOKENS = (
    "gateway/circuits/secrets.py",
    "gateway/policy/leak_rules.py",
    "policies/org/dlp/data.json",
    "tests/leaks/corpus.py",
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home/[a-z]|root/|work/|tmp/w/|Users/)")
OPEN_PROMISE = re.compile(r"\b(?:TODO|FIXME)\b")


def found(pattern, files, root):
    lines = []
    for path in files:
        name = str(path.relative_to(root))
        text = path.read_bytes().decode("utf-8", "replace")
        if name != THIS:
            lines += [f"{name}:{n}: {line}" for n, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    return lines


@pytest.fixture(scope="module")
def locks(kept_files):
    return [path for path in kept_files if path.suffix == ".lock"]


def test_locks_hold_no_address(root, locks):
    assert len(locks) >= 5
    assert found(re.compile(r"://"), locks, root) == []


def test_every_package_of_a_lock_has_a_hash(locks):
    for lock in locks:
        pins = re.split(r"^(?=[a-z0-9])", lock.read_text(), flags=re.MULTILINE | re.IGNORECASE)[1:]
        assert pins
        assert [pin.partition(" ")[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_no_registry_address_is_kept(root, kept_files):
    """`make lock` must say that it writes none, and who looks for the tokens of registries must name them."""
    allowed = {root / "tests/lock.py", *(root / path for path in LOOK_FOR_TOKENS)}

    assert found(REGISTRY, [path for path in kept_files if path not in allowed], root) == []


@pytest.mark.parametrize("pattern", [MACHINE_PATH, OPEN_PROMISE], ids=["paths of a machine", "open promises"])
def test_nothing_personal_and_nothing_unfinished_is_kept(root, kept_files, pattern):
    assert found(pattern, kept_files, root) == []


def test_nothing_large_is_kept(root, kept_files):
    large = {str(path.relative_to(root)) for path in kept_files if path.stat().st_size > 1_000_000}

    assert large == set()
