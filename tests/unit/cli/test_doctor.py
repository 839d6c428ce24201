import http.server
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from gateway.cli import checks
from gateway.cli.checks import State
from gateway.settings import load
from tests.running import free_port


class FixedClock:
    """A clock that stands still."""

    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment


@pytest.fixture
def management():
    """Something that answers at the management address whatever `answer` holds."""

    class Handler(http.server.BaseHTTPRequestHandler):
        answer = b"{}"

        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(type(self).answer)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Handler
        server.shutdown()
        thread.join()


def test_a_sound_deployment_passes(deployed, monkeypatch):
    """Nothing runs here, so a start is rehearsed: engine, sandbox and simulator come up and go down again."""
    monkeypatch.setenv("GATEWAY_MANAGEMENT__PORT", str(free_port()))
    told = deployed("doctor", "--json")

    states = {check["name"]: check["state"] for check in told.json}
    assert told.status == 0, told.out
    assert states["server"] == "warn"
    assert {states[name] for name in ("master key", "database", "ledger", "policy", "engine", "calibration")} == {"ok"}


@pytest.mark.parametrize("name", ["master.key", "erasure.key"])
def test_files_that_others_can_read_fail_with_their_mend(deployed, tmp_path, name):
    (tmp_path / "state" / name).chmod(0o644)

    told = deployed("doctor")

    assert told.status == 1
    assert f"chmod 600 {tmp_path / 'state' / name}" in told.out


def test_a_settings_file_with_a_password_is_nobody_elses(deployed, tmp_path):
    config = tmp_path / "gateway.toml"
    config.write_text(f'database.url = "sqlite+aiosqlite:///{tmp_path}/state/gateway.sqlite3"')
    config.chmod(0o644)

    assert f"chmod 600 {config}" in deployed("--config", str(config), "doctor").out


def test_without_a_deployment_it_says_how_to_begin(gateway):
    told = gateway("doctor")

    assert told.status == 1
    assert "gateway init" in told.out


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        pytest.param(b'{"missing": []}', State.OK, "is ready", id="a gateway that is ready"),
        pytest.param(b'{"missing": ["ledger: full"]}', State.FAIL, "ledger: full", id="a gateway that is not"),
        pytest.param(b"hello", State.FAIL, "something else", id="another program"),
    ],
)
def test_a_running_gateway_is_asked(management, answer, state, said):
    management.answer = answer

    check = checks.of_server(load(None, {"GATEWAY_MANAGEMENT__PORT": str(management.port)}))

    assert check.state is state
    assert said in check.found


@pytest.mark.parametrize(
    ("days", "state"),
    [
        pytest.param(31, State.OK, id="more than a month left"),
        pytest.param(29, State.WARN, id="less than a month left"),
        pytest.param(-1, State.FAIL, id="over"),
    ],
)
def test_a_certificate_is_judged_by_its_end(tmp_path, days, state):
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
    issued = trustme.CA().issue_cert("gateway.example", not_after=end)
    certificate, key = tmp_path / "tls.pem", tmp_path / "tls.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    pair = {"GATEWAY_SERVER__TLS__CERTIFICATE": str(certificate), "GATEWAY_SERVER__TLS__PRIVATE_KEY": str(key)}

    (check,) = checks.of_listeners(load(None, pair), FixedClock(end - timedelta(days=days)))

    assert check.state is state


def test_a_refused_key_is_explained(staffed):
    made = staffed("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist", "--json").json
    staffed("keys", "revoke", made["key_id"])

    told = staffed("doctor", "--key", made["key"])

    assert told.status == 1
    assert "key-revoked" in told.out
    assert made["key"] not in told.out


def test_a_good_key_is_explained_too(staffed):
    key = staffed("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist").out.strip()

    told = staffed("doctor", "--key", key, "--json")

    assert told.status == 0
    assert json.loads(told.out)[-1].startswith("accepted until")
