"""What an adapter asks for is checked by its own models, and what is wrong is told without a secret."""

import pytest
from pydantic import SecretStr

from gateway.casework.forms import AccountRefusedError, Form
from gateway.domain.secret import Secret
from gateway.ports.registry import Adapter, installed
from tests.fakes.listing_vendor import CANARY, AcmeSettings, adapter

FORM = Form.of(adapter())
NOTHING = Form.of(Adapter(name="plain", settings=AcmeSettings))


def secrets(**fields):
    return {name: Secret.of(text) for name, text in fields.items()}


def test_attributes_are_completed_by_the_adapters_defaults():
    assert FORM.checked_attributes({"region": "mars-1"}) == {"region": "mars-1", "shelf": "front"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "region: field required"),
        ({"region": "nowhere"}, "region: string should match pattern"),
        ({"region": "mars-1", "api_key": CANARY}, "there is no such attribute"),
    ],
    ids=["missing", "malformed", "unknown"],
)
def test_attributes_that_the_adapter_does_not_take_are_refused(given, said):
    with pytest.raises(AccountRefusedError, match=said) as refused:
        FORM.checked_attributes(given)

    assert "takes: region, shelf (optional)" in refused.value.message
    assert CANARY not in refused.value.message


def test_secrets_are_named_in_the_adapters_order():
    assert list(FORM.secrets.items()) == [("api_key", True), ("session", False)]


def test_secrets_stay_secrets():
    checked = FORM.checked_secrets(secrets(api_key=CANARY))

    assert {name: secret.reveal().decode() for name, secret in checked.items()} == {"api_key": CANARY}
    assert CANARY not in repr(checked)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "api_key: field required"),
        ({"api_key": CANARY[:4]}, "api_key: value should have at least 8"),
        ({"api_key": f"wrong {CANARY}"}, "api_key: it is not as the vendor's adapter wants it"),
        ({"api_key": CANARY, CANARY: "x"}, "there is no such secret"),
        ({"api_key": CANARY, "region": CANARY}, "there is no such secret"),
    ],
    ids=["missing", "too short", "a validator that quotes", "a secret for a name", "an attribute"],
)
def test_what_is_wrong_with_a_secret_is_said_without_it(given, said):
    with pytest.raises(AccountRefusedError, match=said) as refused:
        FORM.checked_secrets(secrets(**given))

    assert "takes: api_key, session (optional)" in refused.value.message
    assert CANARY[:4] not in f"{refused.value!r} {refused.value.__cause__} {refused.value.message}"


def test_an_adapter_that_declares_nothing_takes_nothing():
    assert NOTHING.checked_attributes({}) == {}
    assert NOTHING.checked_secrets({}) == {}
    with pytest.raises(AccountRefusedError, match="takes: none"):
        NOTHING.checked_secrets(secrets(api_key=CANARY))


def test_every_installed_vendor_hides_its_secrets_and_takes_nothing_unknown():
    """A field of another type would stand in a repr, and a mistyped one would silently be left out."""
    vendors = [each for each in installed().values() if each.vendor is not None]

    assert vendors
    for each in vendors:
        assert each.account.model_config["extra"] == each.credential.model_config["extra"] == "forbid", each.name
        assert any(Form.of(each).secrets.values()), each.name
        kinds = {info.annotation for info in each.credential.model_fields.values()}
        assert kinds <= {SecretStr, SecretStr | None}, each.name
