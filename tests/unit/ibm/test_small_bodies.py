"""Bodies in which an ignored field would mislead are read completely or not at all."""

import pytest

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.errors import RefusedError
from gateway.ports.dialect import WireRequest

DIALECT = IbmDialect(IbmSettings())
SESSION = ("PATCH", "/api/v1/sessions/s1")
TAGS = ("PUT", "/api/v1/jobs/d1/tags")
OPEN = ("POST", "/api/v1/sessions")


@pytest.mark.parametrize(
    ("route", "body", "code", "words"),
    [
        pytest.param(SESSION, b'{"accepting_jobs": true}', "invalid-value", "/accepting_jobs", id="reopening"),
        pytest.param(SESSION, b"{}", "missing-field", "/accepting_jobs", id="a change of nothing"),
        pytest.param(
            SESSION, b'{"accepting_jobs": false, "max_ttl": 9}', "unknown-field", "/max_ttl", id="a change we cannot do"
        ),
        pytest.param(TAGS, b'{"tags": "a"}', "wrong-type", "/tags is text, allowed is an array", id="one tag as text"),
        pytest.param(TAGS, b'{"tags": [1]}', "wrong-type", "/tags/0 is an integer", id="a number as tag"),
        pytest.param(TAGS, b'{"tags": [""]}', "invalid-value", "1 to 128 characters", id="an empty tag"),
        pytest.param(TAGS, b'{"tags": ["a\\u0000b"]}', "invalid-value", "control character", id="a NUL"),
        pytest.param(TAGS, b"[]", "wrong-type", "the body is an array", id="no object"),
        pytest.param(OPEN, b'{"mode": "dedicated"}', "missing-field", "/backend", id="no backend"),
        pytest.param(OPEN, b'{"backend": "b", "mode": "other"}', "invalid-value", "/mode", id="an unknown mode"),
        pytest.param(OPEN, b'{"backend": "b", "max_ttl": 0}', "invalid-value", "/max_ttl", id="no time"),
        pytest.param(OPEN, b'{"backend": "b", "max_ttl": true}', "wrong-type", "true or false", id="true as time"),
        pytest.param(OPEN, b'{"backend": "../b"}', "invalid-value", "/backend", id="a path as backend"),
    ],
)
def test_a_wrong_body_is_refused_by_pointer_type_and_allowance(route, body, code, words):
    method, path = route
    with pytest.raises(RefusedError) as refused:
        DIALECT.operation(WireRequest(method=method, path=path, query=(), headers={}, body=body))

    assert refused.value.code == code
    assert words in refused.value.message
