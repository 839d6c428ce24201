"""How people name policies on the command line: a directory, what is installed, or a revision that decided once."""

from pathlib import Path
from typing import Final

from gateway.policy.bundle import Bundle, default_root, load
from gateway.settings.policy import Policy
from gateway.wiring import House

INSTALLED: Final = "installed"
NAMED: Final = (
    f"a directory (a whole tree, or what would be laid over the one in use), `{INSTALLED}`, or the beginning of a "
    "revision that `gateway policy revisions` lists"
)


def read_directory(directory: Path, policy: Policy) -> Bundle:
    """Read a whole tree, or a directory of overrides together with the tree in use.

    Raises:
        PolicyBundleError: a file in it is not what it must be.
    """
    if (directory / "gateway" / "main" / "main.rego").is_file():
        return load(directory)
    return load(policy.directory or default_root(), directory)


async def candidate_of(house: House, name: str) -> Bundle:
    """Give the policies that a person names.

    Raises:
        PolicyBundleError: the directory does not load.
        PolicyUnknownError: no revision is called so, or several are.
    """
    if name == INSTALLED:
        return house.bundle
    if (directory := Path(name)).is_dir():
        return read_directory(directory, house.settings.policy)
    return await house.revisions.find(name)
