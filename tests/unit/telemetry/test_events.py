"""Event names are a closed list that operators build alerts on."""

import re

import pytest

from gateway.telemetry import events


@pytest.mark.parametrize("event", events.ALL.values(), ids=str)
def test_an_event_is_named_noun_and_participle_and_explained(event):
    assert re.fullmatch(r"[a-z_]+\.[a-z]+", event)
    assert event.docs.endswith(".")


def test_no_two_constants_share_a_name():
    constants = [value for name, value in vars(events).items() if name.isupper() and isinstance(value, events.Event)]

    assert len(constants) == len(set(constants)) == len(events.ALL)


def test_an_event_is_its_name():
    assert events.JOB_FORWARDED == "job.forwarded"
    assert f"{events.JOB_FORWARDED}" == "job.forwarded"
