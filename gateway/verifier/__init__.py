"""The auditors' verifier: one file that needs nothing of the gateway, and that evidence is handed out with."""

from importlib.resources import files
from typing import Final

NAME: Final = "qgw_verify.py"
"""How the file is called wherever it is put beside what it verifies."""


def source() -> bytes:
    """Give the verifier itself, byte for byte, to be put beside an export or into a pack."""
    return files(__name__).joinpath(NAME).read_bytes()
