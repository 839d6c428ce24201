"""One frame goes out and one comes back: what is more than that, or less, ends the conversation."""

import asyncio
import socket

import pytest
import uvloop

from gateway.processes import frames
from gateway.processes.line import Line

ANSWER = frames.encode({"answer": 1})


async def connected():
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    line = Line()
    await asyncio.get_running_loop().create_unix_connection(lambda: line, sock=ours)
    return line, theirs


@pytest.fixture
async def both():
    line, theirs = await connected()
    yield line, theirs
    line.cut()
    await line.lost()
    theirs.close()


@pytest.mark.parametrize("cut", [0, 1, 4, len(ANSWER) - 1])
async def test_an_answer_may_come_in_pieces(both, cut):
    line, theirs = both
    waiting = asyncio.create_task(line.receive())
    for piece in (ANSWER[:cut], ANSWER[cut:]):
        theirs.send(piece)
        await asyncio.sleep(0.01)

    assert await waiting == {"answer": 1}


async def test_what_came_before_anybody_asked_is_kept(both):
    """A child says that it is ready whenever it is."""
    line, theirs = both
    theirs.send(ANSWER)
    await asyncio.sleep(0.01)

    assert await line.receive() == {"answer": 1}


async def test_a_child_that_hangs_up_in_the_middle_has_not_answered(both):
    line, theirs = both
    theirs.send(ANSWER[:-1])
    theirs.shutdown(socket.SHUT_WR)

    with pytest.raises(EOFError):
        await line.receive()
    assert line.ended


@pytest.mark.parametrize("asked", [True, False])
async def test_a_child_that_says_more_than_it_was_asked_is_cut_off(both, asked):
    """Else one could fill the parent's memory, or leave an answer for the next question."""
    line, theirs = both
    waiting = asyncio.create_task(line.receive()) if asked else None
    await asyncio.sleep(0)
    theirs.send(ANSWER + b"x")
    await line.lost()

    assert line.ended
    with pytest.raises(EOFError):
        await (waiting or line.receive())


async def test_an_announced_giant_ends_it_at_once(both):
    line, theirs = both
    theirs.send(b"\xff\xff\xff\xff")

    with pytest.raises(ValueError, match="exceeds the limit"):
        await line.receive()
    assert line.ended


def test_it_works_on_the_event_loop_that_serves():
    """uvloop's transports are transports in all but name."""

    async def converse():
        line, theirs = await connected()
        with theirs:
            line.send(frames.encode({"question": 1}))
            theirs.send(ANSWER)
            answer = await line.receive()
            line.hang_up()
        await line.lost()
        return answer

    assert uvloop.run(converse()) == {"answer": 1}
