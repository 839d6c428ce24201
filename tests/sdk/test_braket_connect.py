"""Every way in which Amazon Braket's SDK can be pointed here: variables, a profile, https with a private CA."""

import shlex

import pytest
import trustme

from tests.running import Gateway

pytestmark = pytest.mark.long

SECRET = "aws_secret_access_key"


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    home, authority = tmp_path_factory.mktemp("braket-tls"), trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.cert_chain_pems[0].write_to_path(home / "certificate.pem")
    certificate.private_key_pem.write_to_path(home / "key.pem")
    (home / "key.pem").chmod(0o600)
    authority.cert_pem.write_to_path(home / "ca.pem")
    settings = {
        "GATEWAY_SERVER__TLS__CERTIFICATE": str(home / "certificate.pem"),
        "GATEWAY_SERVER__TLS__PRIVATE_KEY": str(home / "key.pem"),
    }
    gateway = Gateway(home / "state", settings=settings).init()
    try:
        gateway.start()
        printed = gateway.cli("env", "braket", "--key", gateway.key(), "--url", gateway.url)
        lines = [shlex.split(line)[1] for line in printed.splitlines()]
        yield dict(line.split("=", 1) for line in lines) | {"AWS_CA_BUNDLE": str(home / "ca.pem")}
    finally:
        gateway.discard()


def test_https_with_a_private_authority_works(braket_sdk, secured):
    assert secured["AWS_ENDPOINT_URL_BRAKET"].startswith("https://")
    report = braket_sdk.run("braket_connect", env=secured)

    assert report["shots"] == 50
    assert report["upload"]["type"] == "AccessDenied"
    assert "only read here" in report["upload"]["message"]


def test_one_variable_for_all_services_works_too(braket_sdk, braket):
    env = {name: value for name, value in braket.env.items() if "ENDPOINT" not in name}

    assert braket_sdk.run("braket_connect", env={**env, "AWS_ENDPOINT_URL": f"{braket.url}/aws"})["shots"] == 50


def test_a_profile_works_without_variables(braket_sdk, braket, tmp_path):
    env, config = braket.env, tmp_path / "config"
    config.write_text(
        "[profile gw]\nregion = eu-north-1\nservices = gateway\n"
        f"aws_access_key_id = {env['AWS_ACCESS_KEY_ID']}\n{SECRET} = {env['AWS_SECRET_ACCESS_KEY']}\n"
        "[services gateway]\n"
        + "".join(f"{name} =\n  endpoint_url = {braket.url}/aws/{name}\n" for name in ("braket", "s3", "sts"))
    )

    report = braket_sdk.run("braket_connect", env={"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "gw"})

    assert report["task"].startswith("arn:aws:braket:eu-north-1:")
    assert report["shots"] == 50
