"""Two clients edit the same strands at once, over real sockets: both end with what the daemon holds."""

import asyncio
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.models import ListModels
from protocol.messages.strands import CloseStrand, EditApplied, GetStrand, OpenStrand
from protocol.strands import StrandMeta, as_encoded
from tui.session.session import Session
from tui.transport.daemon_target import DaemonTarget

FRAMES, LEVELS, CODEBOOK = 12, 2, 16
TEXTS = st.sampled_from(
    ["set 3 q0 @1:4", "set 9", "paint 1,2,.,4 @2:", "shift 2", "reverse q1", "swap OTHER q0 @0:5", "mirror @0:2",
     "stretch 0.5 @0:4", "repeat 1 @3:5", "lock q0", "unlock", "copy a @0:3", "put a @4:", "undo", "undo", "redo"],
)  # fmt: skip
STEPS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), TEXTS), min_size=4, max_size=20)


async def open_strands(session: Session, codec_id: str) -> list[str]:
    found: list[str] = []
    for number in range(2):
        codes = np.random.default_rng(number).integers(0, CODEBOOK, (LEVELS, FRAMES)).astype(np.uint16)
        meta = StrandMeta(
            name=f"strand {number}", model="toy", codec_id=codec_id, levels=LEVELS, codebook=CODEBOOK, frames=FRAMES,
            samples=FRAMES * 1024,
        )  # fmt: skip
        found.append((await session.ask(OpenStrand(meta=meta), buffers=as_encoded(meta, codes).buffers)).body.id)
    return found


async def act(session: Session, strand: str, other: str, text: str) -> None:
    """One edit by one client; somebody else may have been first, which is no defect."""
    try:
        if text in ("undo", "redo"):
            await (session.edits.undo_edit if text == "undo" else session.edits.redo_edit)(strand)
        else:
            await session.edits.apply_edit(strand, parse_edit(text.replace("OTHER", other)))
    except AlleleError as refusal:
        assert refusal.code in ("E_CONFLICT", "E_NOTHING_TO_UNDO", "E_RANGE", "E_LOCKED", "E_NOT_FOUND"), refusal


async def together(home: Path, steps: list[tuple[int, int, str]]) -> None:
    clients = [Session(DaemonTarget.of_home(home), lambda topic, key: None) for _ in range(2)]
    for client in clients:
        await client.open()
    try:
        codec_id = (await clients[0].ask(ListModels())).body.models[0].codec_id
        strands = await open_strands(clients[0], codec_id)
        for client in clients:
            for strand in strands:
                await client.grids.fetch(strand)
        work = [act(clients[who], strands[which], strands[1 - which], text) for who, which, text in steps]
        await asyncio.gather(*work)
        for strand in strands:
            kept = await clients[0].ask(GetStrand(strand=strand))
            for client in clients:
                for _ in range(500):
                    if client.grids[strand].rev == kept.body.rev:
                        break
                    await asyncio.sleep(0.01)
                grid = client.grids[strand]
                assert grid.rev == kept.body.rev
                assert np.array_equal(grid.codes, kept.buffers[0])
                assert grid.info.locked == kept.body.locked
                assert grid.info.undo_depth == kept.body.undo_depth
            await clients[0].ask(CloseStrand(strand=strand))
    finally:
        for client in clients:
            await client.close()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_two_clients_at_once_end_with_the_same_strands(home: Path, steps: list[tuple[int, int, str]]) -> None:
    asyncio.run(together(home, steps))


async def test_whoever_edits_alone_is_never_refused(home: Path) -> None:
    client = Session(DaemonTarget.of_home(home), lambda topic, key: None)
    await client.open()
    try:
        codec_id = (await client.ask(ListModels())).body.models[0].codec_id
        strand = (await open_strands(client, codec_id))[0]
        await client.grids.fetch(strand)
        done = await asyncio.gather(
            *(client.edits.apply_edit(strand, parse_edit(f"set {n % 16} q0")) for n in range(30))
        )
        assert all(isinstance(answer, EditApplied) for answer in done)
        assert await client.edits.go_to(strand, -30) == -30
        assert await client.edits.go_to(strand, 12) == 12
    finally:
        await client.close()
