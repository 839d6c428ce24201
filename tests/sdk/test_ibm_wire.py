"""What the SDK drops or never sends, asserted on the wire: identity failures, old versions, malformed bodies."""

import pytest

FORM = {"content-type": "application/x-www-form-urlencoded"}
GRANT = "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey="
API = "/ibm/api/v1"


@pytest.fixture
def ask(gateway):
    """Send one request as the holder of a good key."""

    def send(method, path, body=None, **headers):
        return gateway.deployment.request(method, path, key=gateway.key, body=body, headers=headers)

    return send


def test_a_bad_key_is_refused_in_the_shapes_of_every_identity_client(gateway):
    answer = gateway.deployment.request("POST", "/ibm/iam/identity/token", body=f"{GRANT}no".encode(), headers=FORM)

    assert answer.status == 401
    assert answer.json()["errorMessage"] == answer.json()["errors"][0]["message"] == answer.json()["error"]["message"]
    assert "Bearer" not in answer.body.decode()


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/ibm/search/v3/resources/search"), ("GET", f"{API}/jobs"), ("GET", f"{API}/jobs/d1")]
)
def test_without_a_credential_nothing_is_answered(gateway, method, path):
    answer = gateway.deployment.request(method, path, body={} if method == "POST" else None)

    assert (answer.status, answer.json()["error"]["code"]) == (401, "credential-missing")


def test_a_forged_token_is_refused(gateway):
    answer = gateway.deployment.request("GET", f"{API}/backends", token="e30.e30.e30")

    assert answer.status == 401


def test_a_token_is_as_good_as_its_key_and_is_not_to_be_stored(gateway):
    body = f"{GRANT}{gateway.key}".encode()
    granted = gateway.deployment.request("POST", "/ibm/iam/identity/token", body=body, headers=FORM)

    assert granted.headers["cache-control"] == "no-store"
    assert granted.json()["expiration"] > 0
    answer = gateway.deployment.request("GET", f"{API}/backends", token=granted.json()["access_token"])
    assert answer.status == 200


@pytest.mark.parametrize(("version", "named"), [("2024-01-01", True), ("2026-04-15", False)])
def test_old_clients_read_backends_as_names(ask, version, named):
    devices = ask("GET", f"{API}/backends", **{"ibm-api-version": version}).json()["devices"]

    assert ("sim_line_5" in devices) is named
    assert all(isinstance(device, str) is named for device in devices)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{API}/workloads", 404),
        ("PUT", f"{API}/jobs/d00000000000000000zz", 404),
        ("GET", f"{API}/jobs/d00000000000000000zz", 404),
        ("GET", f"{API}/jobs/..", 404),
        ("GET", f"{API}/backends/no_such/configuration", 404),
        ("GET", f"{API}/jobs?serch=x", 400),
    ],
)
def test_what_is_not_there_is_answered_helpfully(ask, method, path, status):
    answer = ask(method, path)

    assert answer.status in {status, 400}
    assert answer.json()["errors"][0]["solution"]
    assert answer.json()["trace"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b'{"program_id": "sampler", "program_id": "estimator"}', "malformed-json", id="equal keys"),
        pytest.param(b'{"cost": NaN}', "malformed-json", id="NaN"),
        pytest.param(b"{} {}", "malformed-json", id="two documents"),
        pytest.param(b"[" * 100_000, "malformed-json", id="a tower of brackets"),
        pytest.param(b"\xff", "malformed-json", id="no text"),
        pytest.param(b'"just text"', "wrong-type", id="no object"),
        pytest.param(b'{"program_id": "other", "backend": "b", "params": {}}', "unknown-program", id="another program"),
    ],
)
def test_a_malformed_submission_is_a_clear_refusal(ask, body, code):
    answer = ask("POST", f"{API}/jobs", body)

    assert answer.status in {400, 404}
    assert answer.json()["error"]["code"] == code
    assert answer.headers["uber-trace-id"] == answer.json()["trace"]
