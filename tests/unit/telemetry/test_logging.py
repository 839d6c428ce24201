"""A log line says what happened and nothing else, whoever wrote it."""

import io
import json
import logging as stdlib
import warnings

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import RefusedError
from gateway.domain.secret import Secret
from gateway.telemetry import events, logging
from gateway.telemetry.keys import ALLOWED

CANARY = "canary-7f3a"
KEY = "qgw_live_abcdefabcdef_" + "A1b2" * 12 + "c"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


class DiskFullError(RefusedError):
    code = "disk-full"


@pytest.fixture(autouse=True)
def _restored():
    root, levels = stdlib.getLogger(), {name: stdlib.getLogger(name).level for name in logging._QUIET}
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        stdlib.getLogger(name).setLevel(before)
    stdlib.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def page():
    """Log as JSON into memory; gives the lines written so far."""
    stream = io.StringIO()
    logging.configure(json=True, level="debug", stream=stream)

    class Page:
        def raw(self):
            return stream.getvalue()

        def lines(self):
            return [json.loads(line) for line in stream.getvalue().splitlines()]

    return Page()


def _raise(error):
    raise error


def log():
    return structlog.get_logger("test")


def test_a_line_has_its_event_its_level_its_time_and_its_values(page):
    log().info(events.JOB_FORWARDED, job_id="0190-job", backend="sim_line_5", attempt=1)

    (line,) = page.lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "job.forwarded",
        "level": "info",
        "job_id": "0190-job",
        "backend": "sim_line_5",
        "attempt": 1,
    }


def test_a_key_that_is_not_allowed_is_dropped_and_named(page):
    """A new key is a decision, not an accident."""
    log().info(events.JOB_FORWARDED, job_id="0190-job", body=CANARY, circuit={"qpy": CANARY})

    (line,) = page.lines()
    assert CANARY not in page.raw()
    assert line["dropped_keys"] == ["body", "circuit"]
    assert line["job_id"] == "0190-job"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Secret.of(CANARY), id="a secret"),
        pytest.param(CANARY.encode(), id="bytes"),
        pytest.param({"text": CANARY}, id="a map"),
        pytest.param([{"text": CANARY}], id="a map in a list"),
        pytest.param(RuntimeError(CANARY), id="an exception"),
        pytest.param("x" * 300 + CANARY, id="the end of a long text"),
        pytest.param(["x"] * 20 + [CANARY], id="the end of a long list"),
        pytest.param(f"qgw_live_{CANARY.replace('-', '_')}", id="a gateway key"),
        pytest.param(f"Authorization: Bearer {CANARY}", id="a bearer header"),
        pytest.param(f"GET /?token={CANARY}", id="a token in an address"),
        pytest.param(f"apikey {CANARY}", id="an IBM header"),
        pytest.param(f"eyJ{CANARY}.{CANARY}.{CANARY}", id="a token"),
    ],
)
def test_what_must_not_be_shown_is_not_shown_under_an_allowed_key_either(page, value):
    log().info(events.JOB_FORWARDED, reason=value)

    assert CANARY not in page.raw()
    assert "canary_7f3a" not in page.raw()


def test_plain_values_stay_as_they_are(page):
    log().info(events.JOB_FORWARDED, count=3, milliseconds=1.5, fallback=True, reason=None, missing=["ledger", "opa"])

    (line,) = page.lines()
    assert (line["count"], line["milliseconds"], line["fallback"], line["reason"]) == (3, 1.5, True, None)
    assert line["missing"] == ["ledger", "opa"]


@pytest.mark.parametrize("event", [f"job {CANARY} failed", CANARY, "", "Job.Failed", "job", None])
def test_an_event_that_is_no_name_is_not_written(page, event):
    """Somebody will write an f-string one day; it must not reach the disk."""
    log().info(event)

    assert page.lines()[0]["event"] == "event.misnamed"
    assert CANARY not in page.raw()


def test_what_was_bound_at_the_door_is_on_every_line(page):
    token = logging.REQUEST.set({"request_id": "abc", "principal_id": "0190-alice"})

    log().info(events.JOB_DENIED, decision_id="0190-decision")
    logging.REQUEST.reset(token)

    assert (page.lines()[0]["request_id"], page.lines()[0]["principal_id"]) == ("abc", "0190-alice")


def test_a_foreign_exception_leaves_its_type_and_frames_but_not_its_words(page):
    """A library's message may quote what it was given."""
    try:
        _raise(ValueError(f"cannot parse {CANARY}"))
    except ValueError:
        log().exception(events.REQUEST_FAILED, request_id="abc")

    (line,) = page.lines()
    assert CANARY not in page.raw()
    assert line["error"] == "ValueError"
    assert line["level"] == "error"
    assert [frame.split(":")[0] for frame in line["stack"]][-1] == "_raise"
    assert "/" not in line["stack"][-1]


def test_the_gateways_own_errors_keep_their_words(page):
    try:
        _raise(DiskFullError("the disk is full; make room"))
    except DiskFullError as error:
        log().warning(events.LEDGER_STALLED, exc_info=error)

    (line,) = page.lines()
    assert (line["error"], line["code"], line["message"]) == (
        "DiskFullError",
        "disk-full",
        "the disk is full; make room",
    )


def test_an_exception_that_is_not_there_is_no_trouble(page):
    log().info(events.JOB_FORWARDED, exc_info=True)
    log().info(events.JOB_FORWARDED, exc_info=None)

    assert not any({"error", "stack"} & line.keys() for line in page.lines())


def test_what_libraries_log_goes_the_same_way(page):
    stdlib.getLogger("some.library").warning("connection to %s lost, key %s", "db", KEY)

    (line,) = page.lines()
    assert line.pop("timestamp")
    assert line == {
        "event": "library.logged",
        "level": "warning",
        "library": "some.library",
        "message": "connection to db lost, key ***",
    }


def test_what_libraries_add_to_a_line_is_dropped(page):
    stdlib.getLogger("some.library").warning("x", extra={"body": CANARY})

    assert CANARY not in page.raw()


def test_a_librarys_exception_leaves_no_words(page):
    try:
        _raise(ValueError(CANARY))
    except ValueError:
        stdlib.getLogger("some.library").exception("it failed")

    (line,) = page.lines()
    assert CANARY not in page.raw()
    assert (line["message"], line["error"]) == ("it failed", "ValueError")


@pytest.mark.parametrize("library", logging._QUIET)
def test_chatty_libraries_are_heard_from_a_warning_on(page, library):
    stdlib.getLogger(library).info("chatter")
    stdlib.getLogger(library).warning("trouble")

    assert [line["message"] for line in page.lines()] == ["trouble"]


def test_warnings_are_logged_too(page):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        stdlib.captureWarnings(capture=False)
        stdlib.captureWarnings(capture=True)
        warnings.warn("something is old", UserWarning, stacklevel=1)
        stdlib.captureWarnings(capture=False)

    assert page.lines()[0]["library"] == "py.warnings"


@pytest.mark.parametrize(
    ("level", "want"),
    [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)],
)
def test_less_important_lines_are_left_out(level, want):
    stream = io.StringIO()
    logging.configure(json=True, level=level, stream=stream)

    log().debug(events.JOB_STARTED)
    log().info(events.JOB_STARTED)
    log().warning(events.JOB_STARTED)

    assert len(stream.getvalue().splitlines()) == want


def test_lines_for_people_hold_the_same_and_no_more():
    stream = io.StringIO()
    logging.configure(json=False, stream=stream)

    log().info(events.JOB_FORWARDED, job_id="0190-job", body=CANARY)
    stdlib.getLogger("some.library").warning("lost %s", KEY)

    assert "job.forwarded" in stream.getvalue()
    assert "0190-job" in stream.getvalue()
    assert CANARY not in stream.getvalue()
    assert "A1b2" not in stream.getvalue()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*ALLOWED, "body", "payload"]), values, max_size=5))
def test_no_value_breaks_a_line(line):
    """One event is one line, whatever was in it: nobody forges a second line."""
    kept = logging.keep_allowed(None, "info", {"event": "job.started", **line})
    written = structlog.processors.JSONRenderer(sort_keys=True)(None, "info", kept)

    assert "\n" not in written
    assert json.loads(written, parse_constant=pytest.fail)["event"] == "job.started"


@pytest.mark.parametrize("forged", ["x\njob.completed job_id=1", "x\r\n", "\x1b[2K", "\u202egnihton", "a\u2028b"])
def test_nobody_forges_a_line_for_people(forged):
    stream = io.StringIO()
    logging.configure(json=False, stream=stream)

    log().warning(events.REQUEST_REFUSED, reason=forged)

    assert len(stream.getvalue().splitlines()) == 1
    assert forged not in stream.getvalue()


def test_every_key_says_what_it_is():
    assert all(docs and docs == docs.strip() for docs in ALLOWED.values())
    assert list(ALLOWED) == sorted(ALLOWED)


def test_a_log_that_nobody_reads_stops_nothing():
    """The ledger's writer logs too; a closed pipe must not end it."""
    stream = io.StringIO()
    logging.configure(json=True, stream=stream)
    stream.close()

    log().error(events.LEDGER_STALLED)
