"""A gateway, and OPA servers that pull from it with the configuration that it writes for them."""

import json
from functools import cache

from tests.policy.servers import Opa
from tests.running import Gateway

OFTEN = [
    argument
    for part in ("rules", "org")
    for bound in ("min", "max")
    for argument in ("--set", f"bundles.{part}.polling.{bound}_delay_seconds=1")
]
"""OPA looks for new bundles each second, so that tests need not wait."""


class Site:
    """A gateway, and OPAs with the configuration that it writes for them."""

    def __init__(self, directory, program):
        self.directory, self.program = directory, program
        self.gateway = Gateway(directory / "state").init()
        self.servers = []
        # Keys are made once: each takes a start of the command line.
        self.key = cache(lambda role: self.gateway.key(role=role))

    def opa(self, name, *, edit=lambda text: text):
        home = self.directory / name
        home.mkdir()
        token = home / "token"
        token.write_text(self.key("opa"))
        told = self.gateway.cli("policy", "opa-config", "--url", self.gateway.url, "--token-file", str(token))
        (home / "opa.yaml").write_text(edit(told))
        self.servers.append(Opa(self.program, home, "--config-file", "opa.yaml", *OFTEN))
        return self.servers[-1]

    def decides_by(self, *servers):
        self.gateway.settings |= {
            "GATEWAY_POLICY__ENGINE": "opa",
            "GATEWAY_POLICY__OPA__URLS": json.dumps([each.url for each in servers]),
            "GATEWAY_POLICY__DEADLINE_MS": "2000",
        }

    def close(self):
        self.gateway.discard()
        for each in self.servers:
            each.stop()
