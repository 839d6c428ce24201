"""A stand for one vendor: its strict fake, a gateway with an account there, and a tap where the stock SDK comes in."""

import contextlib
import shlex
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.drill import deployment
from tests.drill.deployment import Fake
from tests.running import Gateway, eventually
from tests.sdk.raw import Aws, Ibm, Ionq, Pair
from tests.sdk.tap import Tap

BUCKET = "gateway-results-{region}"
REGIONS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2", "eu-north-1")
AWS_KEY = Pair("AKIAFAKEVENDOR000001", "fake-aws-secret-for-tests-only-0000000001")
IONQ_KEY = "fake-ionq-key"
FAKES = {"ionq": "ionq", "braket": "aws", "ibm": "ibm"}
_BREAKER = "gateway_vendor_breaker_state"
_AGE = "gateway_vendor_calibration_age_seconds"
MACHINES = {
    "ionq": {"qpu.forte-1", "qpu.aria-1"},
    "ibm": {"ibm_test_eagle", "ibm_test_five"},
    "braket": {
        "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
        "arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3",
        "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet",
    },
}
"""What is looked at, and has calibrations."""
PACE = {**deployment.PACE, "first_poll_seconds": 0.1, "running_poll_seconds": 0.3, "refresh_seconds": 0.5}


@dataclass(frozen=True)
class Stand:
    """Everything between a stock SDK and a vendor."""

    vendor: str
    fake: Fake
    deployment: Gateway
    tap: Tap
    key: str
    env: Mapping[str, str]
    """What `gateway env` prints for the SDK, at the tap's address, and nothing else."""

    @property
    def gateway(self) -> Any:
        """Speak to the gateway as its client, past the tap."""
        return _speakers(self.vendor, self.deployment.url, self.env)

    @property
    def direct(self) -> Any:
        """Speak to the fake with the vendor's own credential."""
        return _owner(self.vendor, self.fake)

    def vendor_id(self, job_id: str) -> str:
        """Give the vendor's id of a job, which no client is ever told."""
        query = "SELECT vendor_job_id FROM attempt JOIN job ON job.id = job_id WHERE client_job_id = ? ORDER BY attempt"
        database = self.deployment.state_dir / "gateway.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            rows = connection.execute(query, (job_id.rpartition("/")[2],)).fetchall()
        assert len(rows) == 1, rows
        return str(rows[0][0])

    def asked(self) -> Counter[str]:
        """Count what the vendor was asked so far, by route."""
        return Counter(self.fake.ask("state")["requests"])

    def restart(self) -> None:
        """Stop the gateway in order and start it again."""
        self.deployment.restart()
        _settled(self.vendor, self.deployment)

    @contextmanager
    def failing(self, *rules: Mapping[str, Any]) -> Iterator[None]:
        """Let the vendor fail for a while."""
        self.fake.ask("faults", {"rules": list(rules)})
        try:
            yield
        finally:
            self.fake.ask("faults", {"rules": []})

    @contextmanager
    def away(self, kind: str = "503") -> Iterator[None]:
        """Let the vendor be away, wait until the gateway has noticed, and afterwards until it has come back."""
        self.fake.ask("outage", {"seconds": 60, "kind": kind})
        try:
            eventually(lambda: self._breaker() > 0)
            yield
        finally:
            self.fake.ask("outage", {"seconds": 0.001, "kind": "503"})
            eventually(lambda: self._breaker() == 0)

    def _breaker(self) -> float:
        """Read whether the vendor is left alone: 0 is no."""
        of_all = {"vendor": self.vendor, "backend": ""}
        return next(each.value for each in _samples(self.deployment, _BREAKER) if each.labels == of_all)


@contextmanager
def standing(
    vendor: str, folder: Path, *fake_options: str, policies: Mapping[str, Any] | None = None
) -> Iterator[Stand]:
    """Start all of it, and stop it again; `policies` are tables of `org` to override."""
    with deployment.fakes([FAKES[vendor]], *fake_options) as fakes, contextlib.ExitStack() as stack:
        fake = fakes[FAKES[vendor]]
        made = deployment.gateway(folder, {vendor: _settings(vendor, fake)}, pace=PACE)
        if policies:
            made.settings["GATEWAY_POLICY__OVERRIDES"] = str(deployment.overrides(folder, policies))
        stack.callback(made.discard)
        made.init()
        attributes, secrets = _account(vendor, fake)
        named = [word for name, value in attributes.items() for word in ("--attribute", f"{name}={value}")]
        added = made.run("vendors", "add", vendor, "--name", f"{vendor}-main", *named, given=secrets)
        assert added.returncode == 0, added.stderr
        made.start()
        _settled(vendor, made)
        tap = stack.enter_context(Tap.before(made.url))
        key = made.key()
        env = exports(made.cli("env", vendor, "--key", key, "--url", tap.url))
        yield Stand(vendor=vendor, fake=fake, deployment=made, tap=tap, key=key, env=env)


def _samples(made: Gateway, name: str) -> list[Sample]:
    families = text_string_to_metric_families(made.metrics())
    return [each for family in families if family.name == name for each in family.samples]


def _settled(vendor: str, made: Gateway) -> None:
    """Wait for calibrations: an owner sees them from the first look on, and the gateway has just asked for them."""
    eventually(lambda: MACHINES[vendor] <= _calibrated(made))


def _calibrated(made: Gateway) -> set[str]:
    return {each.labels["backend"] for each in _samples(made, _AGE)}


def exports(script: str) -> dict[str, str]:
    """Read what `gateway env` prints."""
    words = [word for line in script.splitlines() for word in shlex.split(line, comments=True)]
    return dict(word.split("=", 1) for word in words if "=" in word)


def _settings(vendor: str, fake: Fake) -> dict[str, Any]:
    if vendor == "ionq":
        return {"url": f"{fake.url}/v0.4", "simulator_backend": None}
    if vendor == "braket":
        return {"endpoint": fake.url}
    return {"api_url": f"{fake.url}/api/v1", "iam_url": fake.url}


def _account(vendor: str, fake: Fake) -> tuple[dict[str, str], bytes]:
    """Give the attributes and the secrets of the gateway's account, and make what the account needs to exist."""
    if vendor == "ionq":
        return {}, f"api_key={IONQ_KEY}\n".encode()
    if vendor == "ibm":
        return {"crn": fake.told["crn"]}, f"api_key={fake.told['api_key']}\n".encode()
    for region in REGIONS:
        made = _owner("braket", fake).bucket(BUCKET.format(region=region), region)
        assert made.status == 200, made.body
    secrets = f"access_key_id={AWS_KEY.id}\nsecret_access_key={AWS_KEY.secret}\n"
    return {"regions": ",".join(REGIONS), "bucket": BUCKET}, secrets.encode()


def _owner(vendor: str, fake: Fake) -> Any:
    if vendor == "ionq":
        return Ionq(f"{fake.url}/v0.4", IONQ_KEY)
    if vendor == "braket":
        return Aws(fake.url, fake.url, AWS_KEY)
    return Ibm(f"{fake.url}/api/v1", fake.url, fake.told["api_key"], fake.told["crn"])


def _speakers(vendor: str, url: str, env: Mapping[str, str]) -> Any:
    if vendor == "ionq":
        return Ionq(f"{url}/ionq/v0.4", env["IONQ_API_KEY"])
    if vendor == "braket":
        pair = Pair(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"])
        return Aws(f"{url}/aws/braket", f"{url}/aws/s3", pair)
    return Ibm(f"{url}/ibm/api/v1", f"{url}/ibm/iam", env["QISKIT_IBM_TOKEN"], env["QISKIT_IBM_INSTANCE"])
