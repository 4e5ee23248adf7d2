"""A real daemon with a toy model, and the app in Textual's pilot against it."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from protocol.messages.corpora import AddToCorpus
from protocol.messages.jobs import JobInfo, ShowJob, StartTraining
from protocol.messages.strands import CloseStrand, ListStrands, PutWorkspace
from protocol.places import places_of
from protocol.training import TrainingOptions
from tui.app import AlleleApp
from tui.transport.client import Client

Open = Callable[..., AbstractAsyncContextManager[tuple[AlleleApp, Pilot[int]]]]
Until = Callable[..., Awaitable[None]]


def write_sound(path: Path, seed: int, seconds: float = 1.0) -> None:
    """A short sound with a pitch and some noise, 48 kHz mono."""
    random = np.random.default_rng(seed)
    t = np.arange(int(48_000 * seconds)) / 48_000
    sound = 0.4 * np.sin(2 * np.pi * (110 * (seed + 1)) * t) * np.exp(-3 * t) + 0.05 * random.standard_normal(len(t))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((sound * 32_000).astype("<i2").tobytes())


def start_daemon(home: Path) -> subprocess.Popen[bytes]:
    """A daemon of this home, ready."""
    ready, write_end = os.pipe()
    command = [sys.executable, "-m", "daemon", "--home", str(home), "--ready-fd", str(write_end), "--foreground"]
    with (home / "daemon.out").open("ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=[write_end])
    os.close(write_end)
    line = os.read(ready, 1000)
    os.close(ready)
    assert line.startswith(b"ready"), line
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a daemon and wait for it."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def finish(client: Client, job: str) -> JobInfo:
    """Wait for a job."""
    for _ in range(1000):
        info = await client.ask(ShowJob(job=job))
        if info.state not in ("queued", "running"):
            return info
        await asyncio.sleep(0.1)
    raise AssertionError(f"{job} does not end")


async def train_toy(home: Path, sounds: list[Path]) -> None:
    async with Client(places_of(home).endpoint) as client:
        added = await client.ask(AddToCorpus(corpus="tones", paths=[str(path) for path in sounds]))
        info = await finish(client, added.job)
        assert info.state == "done", info
        request = StartTraining(corpus="tones", model="toy", options=TrainingOptions(preset="toy", steps=2))
        info = await finish(client, (await client.ask(request)).job)
        assert info.state == "done", info


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six short sounds."""
    folder = tmp_path_factory.mktemp("sounds")
    paths = [folder / f"tone {number}.wav" for number in range(6)]
    for number, path in enumerate(paths):
        write_sound(path, number, 0.8 + 0.05 * number)
    return paths


@pytest.fixture(scope="session")
def long_sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound of 4 s: 188 frames, more than the 80 columns of a page."""
    path = tmp_path_factory.mktemp("long") / "long tone.wav"
    write_sound(path, 0, 4.0)
    return path


@pytest.fixture(scope="session")
def home(sounds: list[Path]) -> Generator[Path]:
    """A home with a running daemon, the corpus `tones` and the model `toy`."""
    with tempfile.TemporaryDirectory(prefix="allele-tui-") as folder:
        path = Path(folder)
        process = start_daemon(path)
        try:
            asyncio.run(train_toy(path, sounds))
            yield path
        finally:
            stop(process)


@pytest.fixture
def until() -> Until:
    """Wait until something holds, letting the app work."""

    async def wait(pilot: Pilot[int], holds: Callable[[], Any], patience_s: float = 20.0) -> None:
        deadline_s = time.monotonic() + patience_s
        while not holds():
            assert time.monotonic() < deadline_s, f"not within {patience_s} s; last line: {pilot.app.screen.mode.text}"
            await pilot.pause(0.02)

    return wait


@pytest.fixture
def opened(home: Path, until: Until, monkeypatch: pytest.MonkeyPatch) -> Open:
    """The app at a size, connected, with sound that is timed but not heard."""
    monkeypatch.setenv("ALLELE_SOUND", "paced")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)

    @asynccontextmanager
    async def open_app(
        size: tuple[int, int] = (80, 24), at: Path | None = None, **more: Any
    ) -> AsyncGenerator[tuple[AlleleApp, Pilot[int]]]:
        app = AlleleApp(at or home, **more)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.session.connected and app.session.engine == "ready" and app.begun)
            yield app, pilot

    return open_app


@pytest.fixture
async def clean(home: Path) -> None:
    """No strand is open and no workspace is kept."""
    async with Client(places_of(home).endpoint) as client:
        for strand in (await client.ask(ListStrands())).strands:
            await client.ask(CloseStrand(strand=strand.id))
        await client.ask(PutWorkspace(state="{}"))


@pytest.fixture
def with_two(opened: Open, sounds: list[Path], until: Until) -> Any:
    """The editor on two fresh strands."""

    @asynccontextmanager
    async def open_two(size: tuple[int, int] = (80, 24)) -> AsyncGenerator[tuple[Any, Pilot[int]]]:
        async with opened(size, open_paths=sounds[:2]) as (app, pilot):
            shown: Any = app
            await until(pilot, lambda: shown.screen.NAME == "editor" and all(shown.screen.context.grids()))
            yield shown, pilot

    return open_two
