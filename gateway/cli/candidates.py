"""How people name policies on the command line: a directory, what is installed, or a revision that decided once."""

import re
from pathlib import Path
from typing import Final

from gateway.cli.output import say
from gateway.domain.secret import Secret
from gateway.policy.bundle import SETTINGS, Bundle, PolicyBundleError, default_root, load
from gateway.settings.policy import Policy
from gateway.wiring import House
from gateway.wiring.policies import SEED, published

INSTALLED: Final = "installed"
_REVISION: Final = re.compile(r"[0-9a-f.]+")
NAMED: Final = (
    "a directory (a whole tree, or what would be laid over the one in use), a signed bundle of rules, "
    f"`{INSTALLED}`, or the beginning of a revision that `gateway policy revisions` lists"
)


def read_directory(directory: Path, policy: Policy) -> Bundle:
    """Read a whole tree, or a directory of overrides together with the tree in use.

    Raises:
        PolicyBundleError: a file in it is not what it must be.
    """
    if _is_tree(directory):
        return load(directory, called=(str(directory), ""))
    return load(policy.directory or default_root(), directory, called=(SETTINGS[0], str(directory)))


def _is_tree(directory: Path) -> bool:
    return (directory / "gateway" / "main" / "main.rego").is_file()


def _files(directory: Path) -> set[str]:
    """Name what decides there."""
    found = (*directory.rglob("org/*/data.json"), *directory.rglob("gateway/rules/*/*/*.rego"))
    return {path.relative_to(directory).as_posix() for path in found if not path.name.endswith("_test.rego")}


async def candidate_of(house: House, name: str) -> Bundle:
    """Give the policies that a person names.

    Raises:
        PolicyBundleError: the directory or the bundle is not there, or does not load.
        PolicySignatureError: the bundle is not signed by whom `policy.bundle_key` names.
        PolicyUnknownError: no revision is called so, or several are.
    """
    if name == INSTALLED:
        return house.bundle
    given = _on_disk(name, house.settings.policy, await house.vault.secret(SEED))
    if given is None and not _REVISION.fullmatch(name):
        raise PolicyBundleError(
            f"there is no directory and no bundle {name}; for a revision see: gateway policy revisions"
        )
    return given or await house.revisions.find(name)


def _on_disk(name: str, policy: Policy, seed: Secret) -> Bundle | None:
    path = Path(name)
    if path.is_dir():
        _tell_left_out(path, policy)
        return read_directory(path, policy)
    return _signed(path, policy, seed) if path.is_file() else None


def _tell_left_out(directory: Path, policy: Policy) -> None:
    """Say what of the overrides in use such a candidate takes back; who forgot a table would wonder at the outcome."""
    if policy.overrides is None or _is_tree(directory):
        return
    left_out = sorted(_files(policy.overrides) - _files(directory))
    if left_out:
        say(f"{directory} lacks {', '.join(left_out)} of policy.overrides: the gateway's own counts in its place")


def _signed(path: Path, policy: Policy, seed: Secret) -> Bundle:
    """Read signed rules, with the tables of this deployment."""
    if policy.bundle_key is None:
        raise PolicyBundleError(f"{path} is a bundle, and policy.bundle_key names nobody whose signature counts")
    return published(policy.model_copy(update={"bundle": path}), seed).bundle
