"""Events: one sequence, progress coalesced with the latest winning, and a gap where a subscriber was too slow."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
import zmq

from daemon.server.wire.publisher import XPUB_WELCOME, Publisher
from daemon.server.wire.sockets import Port, bind_publisher
from protocol.frames import unpack, unpack_body
from protocol.messages.events import JobLogged, StepCompleted


class Stage:
    """A publisher on a real XPUB, and what it sent."""

    def __init__(self, endpoint: str) -> None:
        self.context: Any = zmq.Context()
        socket = bind_publisher(self.context, endpoint, XPUB_WELCOME, unread=20)
        self._subs: list[Any] = []
        self.port = Port(socket, lambda _: None)
        self.publisher = Publisher("epoch", self.port.send)
        self.endpoint = endpoint

    async def subscribe(self) -> Any:
        sub = self.context.socket(zmq.SUB)
        self._subs.append(sub)
        sub.setsockopt(zmq.RCVHWM, 20)
        sub.subscribe(b"")
        sub.connect(self.endpoint)
        while not sub.poll(0):
            await asyncio.sleep(0.01)
        assert sub.recv_multipart() == [b"AL-welcome"]
        return sub

    def close(self) -> None:
        self.publisher.close()
        self.port.close()
        for sub in self._subs:
            sub.close(0)
        self.context.destroy(linger=0)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="allele-") as folder:  # pytest's own are too deep for a unix socket
        opened = Stage(f"ipc://{folder}/evt.sock")
        yield opened
        opened.close()


def read_all(sub: Any) -> list[Any]:
    messages = []
    while sub.poll(200):
        messages.append(unpack(sub.recv_multipart()))
    return messages


def step(number: int) -> StepCompleted:
    return StepCompleted(job="j1", step=number, elapsed_s=0.0, progress=0.0)


async def test_a_slow_subscriber_sees_a_gap_and_the_newest_number(stage: Stage) -> None:
    sub = await stage.subscribe()
    for number in range(3000):
        stage.publisher.publish(JobLogged(job="j1", text=f"{number} " + "x" * 1000))
        if number % 100 == 0:
            await asyncio.sleep(0)
    numbers = [message.header.seq for message in read_all(sub)]
    assert stage.publisher.seq == 3000
    assert len(numbers) < 3000  # dropped, as XPUB does, without a word
    stage.publisher.publish(JobLogged(job="j1", text="after"))
    (last,) = read_all(sub)
    assert last.header.seq == 3001 > numbers[-1] + 1  # the gap says so


async def test_progress_is_coalesced_and_the_latest_wins(stage: Stage) -> None:
    sub = await stage.subscribe()
    for number in range(1, 51):
        stage.publisher.progress("j1", step(number))
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.15)
    steps = [unpack_body(message.body, StepCompleted).step for message in read_all(sub)]
    assert steps[0] == 1
    assert steps[-1] == 50
    assert steps == sorted(steps)
    assert len(steps) <= 12  # 0.5 s of wall clock at 10 Hz, a little more on a busy machine


async def test_what_waits_goes_out_before_the_end_and_nothing_after(stage: Stage) -> None:
    sub = await stage.subscribe()
    stage.publisher.progress("j1", step(1))
    stage.publisher.progress("j1", step(2))
    stage.publisher.settle("j1")
    stage.publisher.publish(JobLogged(job="j1", text="done"))
    await asyncio.sleep(0.25)
    messages = read_all(sub)
    assert [message.header.op for message in messages] == ["StepCompleted", "StepCompleted", "JobLogged"]
    assert [message.header.seq for message in messages] == [1, 2, 3]
