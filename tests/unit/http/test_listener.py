"""granian's listener with its counts, in this process: what it tells, and what it leaves behind."""

import asyncio
import gc
import os

import pytest
import structlog
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from gateway.http.listener import CountedListener
from gateway.http.server import bounds
from gateway.telemetry import events
from gateway.telemetry.metrics import Metrics
from tests.running import eventually, free_port

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def application(scope, _receive, send):
    if scope["path"] == "/defect":
        raise RuntimeError
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def listener(metrics):
    server = Server(
        application,
        address="127.0.0.1",
        port=free_port(),
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=bounds(1000),
        websockets=False,
        log_enabled=False,
    )
    return CountedListener(server, metrics.connections, idle_seconds=1.0)


async def asked(listener, request=REQUEST):
    """Send a request as soon as somebody listens, and give the answer."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener._server.bind_port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
            continue
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer


async def test_it_serves_and_tells_what_it_counted(listener, metrics):
    serving = asyncio.create_task(listener.serve())

    assert (await asked(listener)).startswith(b"HTTP/1.1 200 ")
    assert (await asked(listener, b"NO HTTP\r\n\r\n")).startswith(b"HTTP/1.1 400 ")

    value = metrics.registry.get_sample_value
    await asyncio.to_thread(eventually, lambda: value("gateway_connections_total") == 2)
    assert value("gateway_connections_served_total") == 1
    listener.stop()
    await asyncio.wait_for(serving, 10)


async def test_an_application_that_fails_is_answered_for(listener):
    serving = asyncio.create_task(listener.serve())

    assert (await asked(listener, REQUEST.replace(b"/", b"/defect", 1))).startswith(b"HTTP/1.1 500 ")

    listener.stop()
    await asyncio.wait_for(serving, 10)


async def test_a_stopped_listener_closes_nobody_elses_descriptor(listener):
    """The pipe's end is granian's to close, once: a second time would hit a file of the ledger's."""
    serving = asyncio.create_task(listener.serve())
    await asked(listener)
    listener.stop()
    await asyncio.wait_for(serving, 10)
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(64)]

    gc.collect()
    await asyncio.sleep(0.1)

    for descriptor in opened:
        os.close(descriptor)  # raises where somebody else has closed it


async def test_counts_that_cannot_be_read_are_an_error_in_the_log(listener, metrics):
    """Better no numbers than wrong ones, and somebody must know."""
    reading, writing = os.pipe()
    os.write(writing, b"\x00\x00\x00\x01\xa0")

    with structlog.testing.capture_logs() as lines:
        await listener._follow(reading)

    os.close(writing)
    assert [(line["event"], line["log_level"]) for line in lines] == [(events.CONNECTIONS_UNCOUNTED, "error")]
    assert metrics.registry.get_sample_value("gateway_connections_total") == 0
