"""One strict settings tree, read once by the command line: a TOML file, then `GATEWAY_…` environment variables.

`load` is the only way in. Unknown names are refused, and a configuration that would expose keys, payloads or
the ledger cannot be built at all: the sections themselves raise `InsecureError`, naming the mend.
"""

from gateway.settings.load import SettingsError, load
from gateway.settings.tree import Settings

__all__ = ["Settings", "SettingsError", "load"]
