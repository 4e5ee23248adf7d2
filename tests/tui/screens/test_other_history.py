"""A client that knows another history of a strand than the daemon fetches it again, says so once, and goes on."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from msgspec.structs import replace

from daemon.store.strand_state import RequestId
from daemon.store.strands import StrandStore
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.strands import GetStrand
from protocol.places import places_of
from protocol.strands import StrandMeta, as_encoded
from tui.session.session import Session
from tui.transport.daemon_target import DaemonTarget

LEVELS, FRAMES = 2, 12
Heard = list[tuple[str, str]]


@pytest.fixture
def own_home() -> Iterator[Path]:
    """An empty home; whatever runs there is ended."""
    with tempfile.TemporaryDirectory(prefix="allele-other-") as folder:
        yield Path(folder)
        for process in psutil.process_iter(["cmdline"]):
            if folder in (process.info["cmdline"] or []):
                process.kill()
                process.wait(10)


@pytest.fixture
async def joined(own_home: Path) -> AsyncIterator[tuple[Session, str, Heard]]:
    """A session that shows one strand with three edits, the strand, and what the session reported."""
    meta = StrandMeta(
        name="kick", model="m", codec_id="c", levels=LEVELS, codebook=16, frames=FRAMES, samples=FRAMES * 1024
    )
    store = StrandStore(places_of(own_home).strands / "edits.sqlite")  # opened here: a daemon would want its model
    strand = store.open_strand(as_encoded(meta, np.zeros((LEVELS, FRAMES), np.uint16)), asked()).id
    store.close()
    heard: Heard = []
    session = Session(DaemonTarget.of_home(own_home), lambda topic, key: heard.append((topic, key)))
    try:
        await session.open()
        await session.grids.fetch(strand)
        for code in (1, 2, 3):
            await session.edits.apply_edit(strand, parse_edit(f"set {code} q0"))
        await pause_until(lambda: session.grids[strand].rev == 3)
        yield session, strand, heard
    finally:
        await session.close()


def asked() -> RequestId:
    return RequestId(cid=b"c" * 16, id=os.urandom(16))


async def pause_until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


def notices(heard: Heard) -> list[str]:
    return [key for topic, key in heard if topic == "notice"]


async def test_a_revision_that_the_daemon_does_not_know_refuses_one_key_only(
    joined: tuple[Session, str, Heard],
) -> None:
    session, strand, _ = joined
    grid = session.grids[strand]
    grid.info = replace(grid.info, rev=50)
    with pytest.raises(AlleleError, match="kick had changed meanwhile: it was fetched again and is at revision 3 now"):
        await session.edits.apply_edit(strand, parse_edit("set 9 q1"))
    assert grid.rev == 3
    assert await session.edits.apply_edit(strand, parse_edit("set 9 q1")) is not None


async def test_an_event_of_a_revision_that_is_too_new_fetches_the_strand(joined: tuple[Session, str, Heard]) -> None:
    session, strand, heard = joined
    grid = session.grids[strand]
    grid.info = replace(grid.info, rev=1)
    assert await session.edits.apply_edit(strand, parse_edit("set 9 q1")) is not None
    await pause_until(lambda: grid.rev == 4)
    assert notices(heard) == ["kick had changed meanwhile: it was fetched again and is at revision 4 now"]
    assert grid.codes.tolist() == [[3] * FRAMES, [9] * FRAMES]


async def test_a_daemon_with_another_history_under_the_same_revision_is_fetched_and_said(
    joined: tuple[Session, str, Heard], own_home: Path
) -> None:
    session, strand, heard = joined
    os.kill(session.pid, signal.SIGSTOP)  # it neither answers nor stops while the journal is given another history
    store = StrandStore(places_of(own_home).strands / "edits.sqlite")
    store.undo_edit(strand, asked())
    store.apply_edit(strand, parse_edit("set 7 q1"), asked())
    store.close()
    os.kill(session.pid, signal.SIGKILL)
    await pause_until(lambda: session.connected and session.grids[strand].rev == 5)
    await pause_until(lambda: notices(heard))
    assert notices(heard) == ["kick had changed meanwhile: it was fetched again and is at revision 5 now"]
    assert session.grids[strand].codes.tolist() == [[2] * FRAMES, [7] * FRAMES]
    assert await session.edits.apply_edit(strand, parse_edit("set 9 q1")) is not None


async def test_a_daemon_that_comes_back_with_the_same_cells_says_nothing(
    joined: tuple[Session, str, Heard],
) -> None:
    session, strand, heard = joined
    before = session.pid
    os.kill(before, signal.SIGKILL)
    await pause_until(lambda: session.connected and session.pid != before)
    assert await session.edits.apply_edit(strand, parse_edit("set 9 q1")) is not None
    assert notices(heard) == []


async def test_a_journal_that_another_process_wrote_to_is_read_again_by_the_live_daemon(
    joined: tuple[Session, str, Heard], own_home: Path
) -> None:
    """Two daemons cannot be, but whatever else wrote: the edit is refused once, then goes on from what is there."""
    session, strand, heard = joined
    store = StrandStore(places_of(own_home).strands / "edits.sqlite")
    store.apply_edit(strand, parse_edit("repeat 2"), asked())
    store.close()
    with pytest.raises(AlleleError, match="fetched again and is at revision 4 now"):
        await session.edits.apply_edit(strand, parse_edit("set 9 q1"))
    assert session.grids[strand].frames == 3 * FRAMES
    assert (await session.edits.apply_edit(strand, parse_edit("set 9 q1"))) is not None
    history = (await session.ask(GetStrand(strand=strand))).body.meta.edits
    assert [text.split()[0] for text in history] == ["set", "set", "set", "repeat", "set"]
    assert notices(heard) == []  # the refusal was the line
