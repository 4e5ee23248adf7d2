"""Open strands: nothing acknowledged is lost, everything can be undone, repeated requests have one effect."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.store.database import is_full
from daemon.store.strands import RequestId, StrandState, StrandStore
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import StrandMeta, as_encoded

CLIENT = b"c" * 16


def asked(if_rev: int | None = None, after: bytes | None = None, request: bytes | None = None) -> RequestId:
    return RequestId(cid=CLIENT, id=request or os.urandom(16), if_rev=if_rev, after=after)


def open_strand(store: StrandStore, name: str, frames: int, codec: str = "c") -> StrandState:
    codes = np.random.default_rng(frames).integers(0, 16, (3, frames)).astype(np.uint16)
    meta = StrandMeta(name=name, model="m", codec_id=codec, levels=3, codebook=16, frames=frames, samples=frames * 1024)
    return store.open_strand(as_encoded(meta, codes), asked())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "strands" / "edits.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[StrandStore]:
    opened = StrandStore(path)
    yield opened
    opened.close()


def codes_of(store: StrandStore) -> dict[str, np.ndarray]:
    return {state.id: state.codes for state in store.list_strands()}


def same(left: list[StrandState], right: list[StrandState]) -> bool:
    return [x.info for x in left] == [y.info for y in right] and all(
        np.array_equal(x.codes, y.codes) and np.array_equal(x.columns, y.columns)
        for x, y in zip(left, right, strict=True)
    )


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "set", "swap", "copy", "put", "undo", "undo", "redo"]),
        st.integers(0, 1),  # strand
        st.integers(0, 15),  # code
        st.integers(0, 2),  # level
        st.integers(0, 8),  # frame
        st.integers(1, 6),  # length
    ),
    max_size=30,
)


def act(store: StrandStore, ids: list[str], step: tuple[str, int, int, int, int, int]) -> None:
    kind, which, code, level, frame, length = step
    here, there = ids[which], ids[1 - which]
    place = f"q{level} @{frame}:{frame + length}"
    texts = {
        "set": f"set {code} {place}",
        "swap": f"swap {there} {place} at={code % 5}",
        "copy": f"copy a {place}",
        "put": f"put a @{frame}:",
    }
    try:
        if kind == "undo":
            store.undo_edit(here, asked())
        elif kind == "redo":
            store.redo_edit(here, asked())
        else:
            store.apply_edit(here, parse_edit(texts[kind]), asked())
    except AlleleError as refusal:
        assert refusal.code in ("E_NOTHING_TO_UNDO", "E_CONFLICT", "E_NOT_FOUND", "E_RANGE")


def undo_everything(store: StrandStore, ids: list[str]) -> None:
    """A swap waits for the later edits of its other strand; going round unties every knot."""
    while True:
        undone = 0
        for strand in ids:
            try:
                store.undo_edit(strand, asked())
                undone += 1
            except AlleleError as refusal:
                assert refusal.code in ("E_NOTHING_TO_UNDO", "E_CONFLICT")
        if not undone:
            return


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, reopen_at=st.integers(0, 30))
def test_undoing_everything_is_the_identity_and_reopening_changes_nothing(
    tmp_path: Path, steps: list[tuple[str, int, int, int, int, int]], reopen_at: int
) -> None:
    folder = tmp_path / os.urandom(8).hex()
    store = StrandStore(folder / "edits.sqlite")
    ids = [open_strand(store, "one", 14).id, open_strand(store, "two", 9).id]
    before = codes_of(store)
    for number, step in enumerate(steps):
        act(store, ids, step)
        if number == reopen_at:
            state, registers = store.list_strands(), store.registers
            store.close()
            store = StrandStore(folder / "edits.sqlite")
            assert same(store.list_strands(), state)
            assert registers.keys() == store.registers.keys()
            assert all(np.array_equal(registers[k].codes, store.registers[k].codes) for k in registers)
    undo_everything(store, ids)
    after = codes_of(store)
    depths = [state.info.undo_depth for state in store.list_strands()]
    store.close()
    shutil.rmtree(folder)
    assert depths == [0, 0]
    assert all(np.array_equal(before[strand], after[strand]) for strand in ids)


def test_redo_brings_back_what_undo_took(store: StrandStore) -> None:
    ids = [open_strand(store, "one", 14).id, open_strand(store, "two", 9).id]
    for step in [("set", 0, 3, 1, 2, 3), ("swap", 0, 1, 0, 2, 4), ("set", 1, 9, 2, 1, 5)]:
        act(store, ids, step)
    done = codes_of(store)
    undo_everything(store, ids)
    store.redo_edit(ids[0], asked())
    store.redo_edit(ids[1], asked())  # the swap: both strands
    store.redo_edit(ids[1], asked())
    again = codes_of(store)
    assert all(np.array_equal(done[strand], again[strand]) for strand in ids)
    assert [state.info.redo_depth for state in store.list_strands()] == [0, 0]


def test_a_checkpoint_in_what_could_be_redone_survives_a_new_edit(store: StrandStore, path: Path) -> None:
    strand = open_strand(store, "one", 14).id
    for number in range(405):
        store.apply_edit(strand, parse_edit(f"set {number % 16} q{number % 3} @{number % 14}"), asked())
    for _ in range(30):
        store.undo_edit(strand, asked())
    store.apply_edit(strand, parse_edit("set 5 @0"), asked())
    state = store.list_strands()
    second = StrandStore(path)
    assert same(second.list_strands(), state)
    second.close()


def test_a_swap_is_undone_on_both_or_not_at_all(store: StrandStore) -> None:
    one, two = open_strand(store, "one", 14).id, open_strand(store, "two", 9).id
    store.apply_edit(one, parse_edit(f"swap {two} q0 @0:4"), asked())
    store.apply_edit(two, parse_edit("set 1 q0 @0"), asked())
    before = store.list_strands()
    with pytest.raises(AlleleError) as refusal:
        store.undo_edit(one, asked())
    assert refusal.value.code == "E_CONFLICT"
    assert "two" in refusal.value.message
    assert same(store.list_strands(), before)
    store.undo_edit(two, asked())
    moved = store.undo_edit(two, asked())
    assert {state.id for state in moved.strands} == {one, two}


def test_a_redone_swap_whose_other_half_was_overwritten_is_a_conflict(store: StrandStore) -> None:
    one, two = open_strand(store, "one", 14).id, open_strand(store, "two", 9).id
    store.apply_edit(one, parse_edit(f"swap {two} q0 @0:4"), asked())
    store.undo_edit(one, asked())
    store.apply_edit(one, parse_edit("set 1 q0 @0"), asked())
    with pytest.raises(AlleleError) as refusal:
        store.redo_edit(two, asked())
    assert refusal.value.code == "E_CONFLICT"


def test_a_closed_strand_does_not_block_the_undo_of_the_other(store: StrandStore) -> None:
    one, two = open_strand(store, "one", 14), open_strand(store, "two", 9)
    store.apply_edit(one.id, parse_edit(f"swap {two.id} q0 @0:4"), asked())
    store.close_strand(two.id)
    undone = store.undo_edit(one.id, asked())
    assert np.array_equal(undone.strands[0].codes, one.codes)
    assert "closed" in undone.answer.notes[0]


def test_a_closed_strand_comes_back_as_it_was_also_after_a_restart(store: StrandStore, path: Path) -> None:
    one, two = open_strand(store, "one", 14), open_strand(store, "two", 9)
    store.apply_edit(two.id, parse_edit("set 5 q0 @0:4"), asked())
    store.apply_edit(two.id, parse_edit("repeat 2 @0:3"), asked())
    store.apply_edit(two.id, parse_edit("set 6 q1"), asked())
    store.undo_edit(two.id, asked())
    before = store.apply_edit(two.id, parse_edit("lock q2"), asked()).strands[0]
    assert store.list_closed_strands().strands == []
    store.close_strand(one.id)
    store.close_strand(two.id)
    assert [(closed.id, closed.meta.name, closed.undo_depth) for closed in store.list_closed_strands().strands] == [
        (two.id, "two", 2),
        (one.id, "one", 0),
    ]
    second = StrandStore(path)
    with pytest.raises(AlleleError, match="no closed strand is called nobody"):
        second.reopen_strand("nobody")
    back = second.reopen_strand(two.id)
    assert same([back, second.reopen_strand(two.id)], [before, before])
    assert [closed.id for closed in second.list_closed_strands().strands] == [one.id]
    assert [state.id for state in second.list_strands()] == [two.id]
    second.redo_edit(two.id, asked())
    for _ in range(3):
        second.undo_edit(two.id, asked())
    assert np.array_equal(second.list_strands()[0].codes, two.codes)
    second.reopen_strand(one.id)
    state = second.list_strands()
    second.close()
    third = StrandStore(path)
    assert same(third.list_strands(), state)
    third.close()


def test_a_name_stays_through_edits_and_a_restart_and_is_not_given_to_another_process(
    store: StrandStore, path: Path
) -> None:
    one = open_strand(store, "one", 14)
    second = StrandStore(path)
    store.apply_edit(one.id, parse_edit("set 5 q0 @0:4"), asked())
    renamed = store.rename_strand(one.id, "other")
    assert (renamed.meta.name, renamed.rev) == ("other", 1)
    with pytest.raises(AlleleError, match="changed"):
        second.rename_strand(one.id, "third")  # it has not seen the edit
    second.close()
    store.undo_edit(one.id, asked())
    third = StrandStore(path)
    (state,) = third.list_strands()
    assert (state.meta.name, state.rev) == ("other", 2) and np.array_equal(state.codes, one.codes)
    third.close()


def test_a_strand_that_is_taken_back_undoes_alone_what_the_other_undid_without_it(store: StrandStore) -> None:
    one, two = open_strand(store, "one", 14), open_strand(store, "two", 9)
    store.apply_edit(one.id, parse_edit(f"swap {two.id} q0 @0:4"), asked())
    store.close_strand(two.id)
    store.undo_edit(one.id, asked())
    store.reopen_strand(two.id)
    store.redo_edit(one.id, asked())
    store.undo_edit(one.id, asked())
    store.apply_edit(one.id, parse_edit("set 1 q0 @0"), asked())
    undone = store.undo_edit(two.id, asked())
    assert [state.id for state in undone.strands] == [two.id]
    assert np.array_equal(codes_of(store)[two.id], two.codes)


def test_a_swap_is_still_one_edit_when_nothing_happened_to_it_meanwhile(store: StrandStore) -> None:
    one, two = open_strand(store, "one", 14), open_strand(store, "two", 9)
    store.apply_edit(one.id, parse_edit(f"swap {two.id} q0 @0:4"), asked())
    store.close_strand(two.id)
    store.reopen_strand(two.id)
    assert len(store.undo_edit(two.id, asked()).strands) == 2
    assert np.array_equal(codes_of(store)[one.id], one.codes)


def test_a_repeated_request_has_one_effect_even_after_reopening(store: StrandStore, path: Path) -> None:
    strand = open_strand(store, "one", 14).id
    ask = asked()
    first = store.apply_edit(strand, parse_edit("set 5 @0"), ask)
    assert store.apply_edit(strand, parse_edit("set 6 @1"), ask).answer == first.answer
    second = StrandStore(path)
    edit = parse_edit("set 5 @0")
    assert second.apply_edit(strand, edit, ask) == second.apply_edit(strand, edit, ask)
    assert second.list_strands()[0].rev == 1
    assert second.apply_edit(strand, parse_edit("set 5 @0"), ask).answer == first.answer
    second.close()


def test_a_repeated_open_gives_the_same_strand(store: StrandStore) -> None:
    ask = asked()
    one = open_strand(store, "one", 14)
    again = store.open_strand(one.strand, ask)
    assert store.open_strand(one.strand, ask).id == again.id
    assert len(store.list_strands()) == 2


def test_stale_revisions_conflict_and_own_chains_do_not(store: StrandStore) -> None:
    strand = open_strand(store, "one", 14).id
    keys = [os.urandom(16) for _ in range(4)]
    store.apply_edit(strand, parse_edit("set 1 @0"), asked(if_rev=0, request=keys[0]))
    with pytest.raises(AlleleError, match="changed meanwhile"):
        store.apply_edit(strand, parse_edit("set 2 @0"), asked(if_rev=0))
    store.apply_edit(strand, parse_edit("set 2 @0"), asked(after=keys[0], request=keys[1]))
    store.apply_edit(strand, parse_edit("copy a @0:2"), asked(after=keys[1], request=keys[2]))
    store.apply_edit(strand, parse_edit("set 3 @0"), asked(after=keys[2], request=keys[3]))  # a copy is no change
    stranger = RequestId(cid=b"x" * 16, id=os.urandom(16))
    store.apply_edit(strand, parse_edit("set 4 @0"), stranger)
    with pytest.raises(AlleleError) as refusal:
        store.apply_edit(strand, parse_edit("set 5 @0"), asked(after=keys[3]))
    assert refusal.value.code == "E_CONFLICT"
    assert store.list_strands()[0].rev == 4


def test_the_workspace_and_the_texts_of_edits_last(store: StrandStore, path: Path) -> None:
    strand = open_strand(store, "one", 14).id
    store.apply_edit(strand, parse_edit("set 1 q0 @0"), asked())
    store.apply_edit(strand, parse_edit("set 2 q0 @1"), asked())
    store.undo_edit(strand, asked())
    store.put_workspace('{"cursor": [1, 2]}')
    second = StrandStore(path)
    assert second.get_workspace() == '{"cursor": [1, 2]}'
    assert second.edit_texts(strand) == ["set 1 q0 @0:1"]
    second.close()


def test_kill_9_between_edits_loses_no_acknowledged_edit(path: Path) -> None:
    program = """
        import os, sys
        import numpy as np
        from pathlib import Path
        from daemon.store.strands import RequestId, StrandStore
        from protocol.edits import parse_edit
        from protocol.strands import StrandMeta, as_encoded

        store = StrandStore(Path(sys.argv[1]))
        known = store.list_strands()
        if known:
            strand = known[0].id
        else:
            meta = StrandMeta(name="one", model="m", codec_id="c", levels=1, codebook=4096, frames=50, samples=50)
            ask = RequestId(cid=b"c" * 16, id=os.urandom(16))
            strand = store.open_strand(as_encoded(meta, np.zeros((1, 50), np.uint16)), ask).id
        number = store.list_strands()[0].rev
        while True:
            edit = parse_edit(f"set {number % 4096} @{number % 50}")
            store.apply_edit(strand, edit, RequestId(cid=b"c" * 16, id=os.urandom(16)))
            number += 1
            print(number, flush=True)
    """
    for round_ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        acknowledged = 0
        for _ in range(20 + 7 * round_):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout.read().split("\n")[:-1] if line)])
        process.wait()
        process.stdout.close()
        store = StrandStore(path)
        (state,) = store.list_strands()
        store.close()
        assert state.rev >= acknowledged
        expected = np.zeros(50, np.uint16)
        for number in range(state.rev):
            expected[number % 50] = number % 4096
        assert np.array_equal(state.codes[0], expected)


def test_a_damaged_file_is_set_aside_and_a_new_one_works(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(random.Random(1).randbytes(9000))
    with caplog.at_level("ERROR", logger="allele.store"):
        store = StrandStore(path)
    open_strand(store, "one", 14)
    store.close()
    assert "set aside" in caplog.text
    (aside,) = path.parent.glob("edits.sqlite.damaged-*")
    assert aside.stat().st_size == 9000


@pytest.mark.tmpfs
def test_a_full_disk_refuses_the_edit_and_loses_nothing(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "none", mount], capture_output=True).returncode:
        pytest.skip("tmpfs: a small one cannot be mounted here (root only)")
    try:
        store = StrandStore(mount / "edits.sqlite")
        strand = open_strand(store, "one", 14).id
        store.apply_edit(strand, parse_edit("set 1 @0"), asked())
        filler = mount / "filler"
        with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        refused = 0
        for number in range(400):
            before = store.list_strands()
            try:
                store.apply_edit(strand, parse_edit(f"set {number % 16} @{number % 14}"), asked())
            except sqlite3.OperationalError as problem:
                assert is_full(problem)
                assert same(store.list_strands(), before)
                refused += 1
                if refused == 3:
                    break
        assert refused == 3
        filler.unlink()
        store.apply_edit(strand, parse_edit("set 9 q0 @3"), asked())
        state = store.list_strands()
        store.close()
        second = StrandStore(mount / "edits.sqlite")
        assert same(second.list_strands(), state)
        second.close()
    finally:
        subprocess.run(["umount", mount], check=True)
