"""A gateway key is recognised by its form, told from a typo by its checksum, and proven by its MAC."""

import re
import string
from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.domain.secret import Secret
from gateway.identity import api_keys
from gateway.identity.api_keys import KEY_PATTERN, MalformedKeyError, Peppers, mint, parse
from tests.unit.identity.conftest import Deriver

PEPPERS = Peppers(Deriver())
TEXT = mint(PEPPERS).text.reveal().decode()
ALPHABET = string.ascii_letters + string.digits + "_- ~é"


def test_a_key_has_the_published_form():
    """Secret scanners look for exactly this."""
    minted = mint(PEPPERS)
    text = minted.text.reveal().decode()

    assert len(text) == 71
    assert re.fullmatch(KEY_PATTERN, text)
    assert text.startswith(f"qgw_live_{minted.id}_")
    assert parse(minted.text).id == minted.id


def test_the_pattern_finds_a_key_in_the_middle_of_a_line():
    assert re.search(KEY_PATTERN, f'token = "{TEXT}"  # mine').group() == TEXT


def test_no_two_keys_are_alike():
    minted = [mint(PEPPERS) for _ in range(200)]

    assert len({each.id for each in minted}) == 200
    assert len({each.mac for each in minted}) == 200


def test_every_place_of_the_secret_varies():
    """A place with a fixed digit would be lost entropy; the first holds little more than one bit."""
    secrets = [mint(PEPPERS).text.reveal().decode()[22:65] for _ in range(400)]

    assert all(len(Counter(place)) > 20 for place in list(zip(*secrets, strict=True))[1:])


@given(place=st.integers(0, 70), sign=st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(place, sign):
    """A typo is told at once, without asking the database and without counting as an attack."""
    assume(TEXT[place] != sign)

    with pytest.raises(MalformedKeyError):
        parse(Secret.of(TEXT[:place] + sign + TEXT[place + 1 :]))


def test_all_single_typos_of_one_key_are_caught():
    """Exhaustive over the key's own alphabet: 71 places times 61 other digits."""
    for place in range(len(TEXT)):
        for sign in string.ascii_letters + string.digits:
            if sign != TEXT[place]:
                with pytest.raises(MalformedKeyError):
                    parse(Secret.of(TEXT[:place] + sign + TEXT[place + 1 :]))


@given(place=st.integers(0, 69))
def test_two_neighbours_exchanged_never_pass(place):
    swapped = TEXT[:place] + TEXT[place + 1] + TEXT[place] + TEXT[place + 2 :]
    assume(swapped != TEXT)

    with pytest.raises(MalformedKeyError):
        parse(Secret.of(swapped))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(TEXT[:-1], id="one character short"),
        pytest.param(TEXT + "0", id="one character long"),
        pytest.param(TEXT + "\n", id="a line break behind it"),
        pytest.param(" " + TEXT, id="a space before it"),
        pytest.param(TEXT.upper(), id="all in capitals"),
        pytest.param("qgw_test_" + TEXT[9:], id="another prefix"),
        pytest.param("x" * 1_000_000, id="a megabyte"),
        pytest.param("\ud800" + TEXT, id="half a surrogate pair"),
        pytest.param("Bearer " + TEXT, id="with its scheme"),
        pytest.param(TEXT.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), id="digits of another script"),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(text):
    with pytest.raises(MalformedKeyError) as refused:
        parse(Secret.of(text))

    assert TEXT[22:] not in refused.value.message


@given(st.binary(max_size=100))
def test_no_bytes_crash_the_parser(noise):
    with pytest.raises(MalformedKeyError):
        parse(Secret(noise))


@given(st.integers(0, 2**256 - 1))
def test_secrets_never_outgrow_their_place(number):
    encoded = api_keys._base62(number, 43)

    assert len(encoded) == 43
    assert sum(api_keys._DIGITS.index(sign) * 62**power for power, sign in enumerate(reversed(encoded))) == number


def test_a_mac_is_bound_to_the_whole_key_and_to_the_pepper():
    minted = mint(PEPPERS)
    elsewhere = Peppers(Deriver("another deployment"))

    assert PEPPERS.matches(minted.text, mac=minted.mac, version=minted.pepper_version)
    assert not elsewhere.matches(minted.text, mac=minted.mac, version=minted.pepper_version)
    assert not PEPPERS.matches(mint(PEPPERS).text, mac=minted.mac, version=minted.pepper_version)


def test_an_unknown_version_of_the_pepper_matches_nothing():
    minted = mint(PEPPERS)

    assert not PEPPERS.matches(minted.text, mac=minted.mac, version=99)


@pytest.mark.parametrize("version", [1, 99])
def test_macs_are_compared_in_constant_time(monkeypatch, version):
    """Every path ends in the same comparison, whatever is wrong."""
    compared = []
    monkeypatch.setattr(api_keys.hmac, "compare_digest", lambda left, right: compared.append((left, right)) or False)

    PEPPERS.matches(Secret(b"x"), mac=bytes(32), version=version)

    assert [len(side) for pair in compared for side in pair] == [32, 32]


def test_a_minted_key_does_not_print_itself():
    minted = mint(PEPPERS)

    assert minted.text.reveal().decode()[22:] not in repr(minted) + str(minted) + repr(parse(minted.text))
