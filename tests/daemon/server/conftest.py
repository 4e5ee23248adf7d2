"""A real daemon in its own process, and a bare DEALER to say anything to it."""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import zmq

from protocol.errors import ErrorBody
from protocol.frames import Header, Kind, Message, pack, unpack, unpack_body
from protocol.messages.fields import Struct
from protocol.messages.registry import REQUESTS
from protocol.places import Places, places_of
from tui.transport.client import Client

START_S = 30.0  # on a busy machine


class LiveDaemon:
    """`python -m daemon` on a home of its own."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home, self.places = home, places_of(home)
        self._arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start and wait for the ready line."""
        ready, write_end = os.pipe()
        command = [sys.executable, "-m", "daemon", "--home", str(self.home), "--ready-fd", str(write_end)]
        self.process = subprocess.Popen([*command, *self._arguments], pass_fds=(write_end,), stderr=subprocess.DEVNULL)
        os.close(write_end)
        readable, _, _ = select.select([ready], [], [], START_S)
        line = os.read(ready, 1000) if readable else b"nothing"
        os.close(ready)
        assert line == b"ready\n", line

    def kill(self) -> None:
        """SIGKILL, and collect it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=30)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        """Its log so far."""
        return (self.places.logs / "daemon.log").read_text()


class Wire:
    """A DEALER and nothing else: sends frames as they are given."""

    def __init__(self, places: Places, socket: str = "ctl") -> None:
        self._context = zmq.Context()
        self.dealer = self._context.socket(zmq.DEALER)
        self.dealer.setsockopt(zmq.LINGER, 0)
        self.dealer.connect(places.endpoint.address(socket))
        self.cid = os.urandom(16)

    def send(self, frames: list[bytes]) -> None:
        """Send one message."""
        self.dealer.send_multipart(frames)

    def receive(self, timeout_s: float = 20.0) -> Message:
        """The next answer."""
        assert self.dealer.poll(int(timeout_s * 1000)), "no answer"
        return unpack(self.dealer.recv_multipart())

    def post(self, body: Struct, request: bytes | None = None, deadline_ms: int | None = None) -> bytes:
        """Send a request without waiting; gives its id."""
        identity = request or os.urandom(16)
        header = Header(op=type(body).__name__, id=identity, cid=self.cid, deadline_ms=deadline_ms)
        self.send([bytes(frame) for frame in pack(Kind.REQ, header, body)])
        return identity

    def ask(self, body: Struct, request: bytes | None = None) -> Struct:
        """Send a request and give the body of its answer, an ErrorBody for an error."""
        identity = self.post(body, request)
        while (message := self.receive()).header.re != identity:
            pass
        return self.body(message, body)

    def body(self, message: Message, asked: Struct) -> Struct:
        """The typed body of an answer."""
        if message.kind is Kind.ERR:
            return unpack_body(message.body, ErrorBody)
        return unpack_body(message.body, REQUESTS[type(asked).__name__][1])

    def ping(self, *, any_answer: bool = False) -> float:
        """Seconds to the pong."""
        began_s, identity = time.perf_counter(), os.urandom(16)
        self.send([bytes(frame) for frame in pack(Kind.PING, Header(op="Ping", id=identity, cid=self.cid))])
        while (message := self.receive()).header.re != identity:
            pass
        assert any_answer or message.kind is Kind.PONG
        return time.perf_counter() - began_s

    def close(self) -> None:
        """Close."""
        self._context.destroy(linger=0)


def populate(home: Path, raw_model: Path, tone_corpus: Path) -> None:
    """A home with one model and one corpus."""
    shutil.copytree(raw_model, home / "models" / "raw")
    shutil.copytree(tone_corpus, home / "corpora" / "tones")


@pytest.fixture(scope="session")
def new_home(
    tmp_path_factory: pytest.TempPathFactory, raw_model: Path, raw_pair_model: Path, tone_corpus: Path
) -> Callable[[], Path]:
    """Make a home with a mono and a stereo model and one corpus."""

    def make() -> Path:
        home = tmp_path_factory.mktemp("home")
        populate(home, raw_model, tone_corpus)
        shutil.copytree(raw_pair_model, home / "models" / "pair")
        return home

    return make


@pytest.fixture(scope="session")
def live(new_home: Callable[[], Path]) -> Iterator[LiveDaemon]:
    """One daemon, with its engine, for all tests that leave no job and no damaged file behind."""
    daemon = LiveDaemon(new_home())
    yield daemon
    assert daemon.is_alive
    assert daemon.stop() == 0


@pytest.fixture(scope="session")
def launch() -> type[LiveDaemon]:
    """Start a daemon on any home: for modules that want one of their own as `live`."""
    return LiveDaemon


@pytest.fixture
def new_daemon(tmp_path: Path, raw_model: Path, tone_corpus: Path) -> Iterator[Callable[..., LiveDaemon]]:
    """Start a daemon on a home of the test's own, with one model and one corpus."""
    populate(tmp_path / "home", raw_model, tone_corpus)
    started: list[LiveDaemon] = []

    def start(*arguments: str) -> LiveDaemon:
        started.append(LiveDaemon(tmp_path / "home", *arguments))
        return started[-1]

    yield start
    for daemon in started:
        if daemon.is_alive:
            daemon.kill()


@pytest.fixture
def new_wire() -> Iterator[Callable[..., Wire]]:
    """Connect to a daemon."""
    wires: list[Wire] = []

    def connect(daemon: LiveDaemon, socket: str = "ctl") -> Wire:
        wires.append(Wire(daemon.places, socket))
        return wires[-1]

    yield connect
    for wire in wires:
        wire.close()


@pytest.fixture
async def client(live: LiveDaemon) -> AsyncIterator[Client]:
    """The client the programs use, connected."""
    async with Client(live.places.endpoint) as connected:
        yield connected


@pytest.fixture
def wire(live: LiveDaemon, new_wire: Callable[..., Wire]) -> Wire:
    """A connection to the module's daemon."""
    return new_wire(live)
