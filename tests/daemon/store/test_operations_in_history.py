"""Every operation in open strands: undone, redone, reopened, and never computed twice."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.edits.values import Computation
from daemon.store.strands import Edited, RequestId, StrandState, StrandStore
from protocol.atlas import DIRECTIONS
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.operations import OPS
from protocol.strands import StrandMeta, as_encoded
from protocol.tempo import Tempo

CODEBOOK = 16
MISSING = 300  # samples of the last frame that are not there


def asked(if_rev: int | None = None) -> RequestId:
    return RequestId(cid=b"c" * 16, id=os.urandom(16), if_rev=if_rev)


def open_strand(store: StrandStore, name: str, frames: int) -> StrandState:
    codes = np.random.default_rng(frames).integers(0, CODEBOOK, (3, frames)).astype(np.uint16)
    meta = StrandMeta(
        name=name, model="m", codec_id="c", levels=3, codebook=CODEBOOK, frames=frames, samples=frames * 1024 - MISSING
    )
    return store.open_strand(as_encoded(meta, codes), asked())


def answer(question: Computation) -> np.ndarray:
    """A model that is nonsense, but always the same nonsense."""
    random = np.random.default_rng(list(question.key))
    if question.kind == "silence":
        return random.integers(0, CODEBOOK, (3, 1)).astype(np.uint16)
    if question.kind in ("align", "mosaic"):
        most = question.inputs[1].shape[1]
        return np.sort(random.integers(0, most, question.inputs[0].shape[1])).astype(np.int32)
    if question.kind == "seamless":
        return random.normal(-30, 5, (2, 3)).astype(np.float32)
    if question.kind == "compare":
        return random.normal(0, 1, (2, 8)).astype(np.float32)
    shape = question.inputs[0].shape
    if question.kind == "surprise":
        return random.integers(0, 255, (shape[0], shape[1] - int(question.settings["heard"]))).astype(np.uint8)
    if question.kind == "regenerate":
        shape = question.inputs[1].shape
    if question.kind == "nudge":
        shape = (shape[0], int(question.settings["past"]) - int(question.settings["first"]))
    if question.kind == "stretch":
        shape = (shape[0], int(question.settings["frames"]))
    return random.integers(0, CODEBOOK, shape).astype(np.uint16)


def edit(store: StrandStore, strand: str, text: str, ask: Callable[[Computation], np.ndarray] = answer) -> Edited:
    answers: dict[bytes, np.ndarray] = {}
    by = asked()
    while isinstance(step := store.apply_edit(strand, parse_edit(text), by, answers), Computation):
        answers[step.key] = ask(step)
    return step


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StrandStore]:
    opened = StrandStore(tmp_path / "strands" / "edits.sqlite")
    yield opened
    opened.close()


NUDGES = st.tuples(st.sampled_from(sorted(DIRECTIONS)), st.sampled_from([0.5, 1, 3])).map(
    lambda by: "nudge {} by={}".format(*by)
)


def texts(other: str) -> st.SearchStrategy[str]:
    """Edits of every operation, most of which can be done."""
    place = st.one_of(
        st.just(""),
        st.tuples(st.integers(0, 6), st.integers(1, 9)).map(lambda pair: f"@{pair[0]}:{sum(pair)}"),
        st.integers(0, 12).map(lambda first: f"@{first}:"),
    )
    level = st.sampled_from(["", "q0", "q1-2", "q2"])
    code, share, seed = st.integers(0, 15), st.sampled_from([0, 0.3, 0.5, 1]), st.integers(0, 3)
    head = st.one_of(
        code.map(lambda c: f"set {c}"),
        st.lists(code, min_size=1, max_size=4).map(lambda codes: f"paint {','.join(map(str, codes))},."),
        st.just(f"swap {other}"),
        st.just("copy a"),
        st.just("put a"),
        code.map(lambda c: f"mix a gap={c}"),
        st.just("flood a"),
        st.tuples(
            share, st.sampled_from(["latent", "cells", "levels"]), st.sampled_from(["none", "stretch", "dtw"]), seed
        ).map(lambda drawn: "blend {} {} mode={} align={} seed={}".format(other, *drawn)),
        st.integers(-9, 9).map(lambda n: f"shift {n}"),
        st.just("reverse"),
        st.sampled_from([0.2, 0.5, 1.5, 3]).map(lambda factor: f"stretch {factor}"),
        st.integers(1, 2).map(lambda n: f"repeat {n}"),
        st.just("mirror"),
        st.tuples(share, seed).map(lambda drawn: "mutate {} seed={}".format(*drawn)),
        st.tuples(share, seed).map(lambda drawn: "mutate {} seed={} only=odd".format(*drawn)),
        NUDGES,
        st.tuples(share, seed).map(lambda drawn: "regenerate creativity={} seed={} only=dull".format(*drawn)),
        share.map(lambda c: f"mosaic {other} continuity={c}"),
        st.just("crop"),
        st.sampled_from(["cut", "cut into=a"]),
        st.just("insert a"),
        st.just("silence"),
        st.integers(1, 3).map(lambda n: f"pause {n}"),
        st.sampled_from(["", " before=2", " take=1:3"]).map(lambda options: f"join {other}{options}"),
        st.just("lock"),
        st.just("unlock"),
        st.sampled_from(["seamless", "seamless over=2"]),
        st.sampled_from(["tempo 120", "tempo 97.5 beats=3", "tempo none"]),
    )
    return st.tuples(head, level, place).map(" ".join).map(_placed)


def _placed(text: str) -> str:
    """Most changes of length are drawn without levels, because they take all of them or none."""
    words = text.split()
    if words[0] == "tempo":
        return " ".join(word for word in words if word[0] not in "q@")
    is_whole = words[0] in ("crop", "cut", "insert", "pause", "join")
    return " ".join(word for word in words if not is_whole or not word.startswith("q"))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 1), texts("OTHER")),
        st.tuples(st.integers(0, 1), texts("OTHER")),
        st.tuples(st.integers(0, 1), st.sampled_from(["undo", "redo"])),
    ),
    max_size=24,
)
REFUSALS = ("E_NOTHING_TO_UNDO", "E_CONFLICT", "E_NOT_FOUND", "E_RANGE", "E_BAD_EDIT", "E_LOCKED")


def act(store: StrandStore, ids: list[str], which: int, text: str) -> None:
    """One step; what is refused must change nothing."""
    before = state(store)
    try:
        if text == "undo":
            store.undo_edit(ids[which], asked())
        elif text == "redo":
            store.redo_edit(ids[which], asked())
        else:
            edit(store, ids[which], text.replace("OTHER", ids[1 - which]))
    except AlleleError as refusal:
        assert refusal.code in REFUSALS, refusal
        assert state(store) == before


def state(store: StrandStore) -> list[tuple[object, bytes]]:
    for state in store.list_strands():
        assert state.codes.shape == (3, state.meta.frames) and state.codes.max() < CODEBOOK
        assert state.meta.samples == state.meta.frames * 1024 - MISSING
    return [(state.info, state.codes.tobytes(), state.columns.tobytes()) for state in store.list_strands()]


def cells(store: StrandStore) -> list[bytes]:
    return [state.codes.tobytes() + state.columns.tobytes() for state in store.list_strands()]


def walk(store: StrandStore, ids: list[str], move: Callable[[str, RequestId], Edited]) -> None:
    """Undo or redo until nothing can be; a swap waits for its other strand, going round unties every knot."""
    while True:
        moved = 0
        for strand in ids:
            try:
                move(strand, asked())
                moved += 1
            except AlleleError as refusal:
                assert refusal.code in ("E_NOTHING_TO_UNDO", "E_CONFLICT")
        if not moved:
            return


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_edits_are_undone_redone_and_reopened_as_they_were(tmp_path: Path, steps: list[tuple[int, str]]) -> None:
    path = tmp_path / os.urandom(8).hex() / "edits.sqlite"
    store = StrandStore(path)
    ids = [open_strand(store, "one", 14).id, open_strand(store, "two", 9).id]
    untouched = cells(store)
    for which, text in steps:
        act(store, ids, which, text)
    walk(store, ids, store.redo_edit)
    done = cells(store)
    known = state(store)
    assert [
        b"".join(part.tobytes() for part in store.earlier(state.id)[1].buffers) for state in store.list_strands()
    ] == untouched
    assert state(store) == known, "looking back changes nothing"
    store.close()
    store = StrandStore(path)  # nobody could be asked here: replay writes cells
    assert state(store) == known
    walk(store, ids, store.undo_edit)
    assert cells(store) == untouched
    assert [state.info.undo_depth for state in store.list_strands()] == [0, 0]
    walk(store, ids, store.redo_edit)
    assert cells(store) == done
    store.close()


def test_every_operation_takes_part_in_the_random_ones() -> None:
    assert set(OPS) == {
        "set", "paint", "swap", "copy", "put", "mix", "flood", "blend", "shift", "reverse", "stretch", "repeat",
        "mirror", "crop", "cut", "insert", "silence", "pause", "join", "mutate", "nudge", "mosaic", "lock", "unlock",
        "tempo", "seamless", "regenerate",
    }  # fmt: skip


def test_an_answer_to_another_question_is_not_used(store: StrandStore) -> None:
    one, two = open_strand(store, "one", 14).id, open_strand(store, "two", 15).id
    asks: list[bytes] = []

    def ask(question: Computation) -> np.ndarray:
        asks.append(question.key)
        if len(asks) == 1:  # somebody edits the other strand while the model computes
            edit(store, two, f"set {wanted} q0 @3")
        return answer(question)

    wanted = (int(store.list_strands()[1].codes[0, 3]) + 1) % CODEBOOK
    edited = edit(store, one, f"blend {two} 0.5", ask)
    assert len(set(asks)) == 2
    other = {state.id: state for state in store.list_strands()}[two]
    assert other.codes[0, 3] == wanted and other.rev == 1
    (state,) = edited.strands
    store.undo_edit(one, asked())
    again = edit(store, one, f"blend {two} 0.5")  # of the other strand as it is now
    assert np.array_equal(again.strands[0].codes, state.codes)


def test_a_strand_that_changed_meanwhile_is_a_conflict_when_a_revision_was_named(store: StrandStore) -> None:
    strand = open_strand(store, "one", 14)
    by = asked(if_rev=0)
    step = store.apply_edit(strand.id, parse_edit("mutate 0.5"), by)
    assert isinstance(step, Computation)
    edit(store, strand.id, "set 1 @0")
    with pytest.raises(AlleleError) as refusal:
        store.apply_edit(strand.id, parse_edit("mutate 0.5"), by, {step.key: answer(step)})
    assert refusal.value.code == "E_CONFLICT"
    assert store.list_strands()[0].rev == 1


def test_a_repeated_request_asks_no_model(store: StrandStore) -> None:
    strand = open_strand(store, "one", 14)
    by = asked()
    step = store.apply_edit(strand.id, parse_edit("mutate 0.5"), by)
    assert isinstance(step, Computation)
    first = store.apply_edit(strand.id, parse_edit("mutate 0.5"), by, {step.key: answer(step)})
    again = store.apply_edit(strand.id, parse_edit("mutate 0.5"), by)
    assert isinstance(first, Edited) and isinstance(again, Edited) and again.answer == first.answer
    assert store.list_strands()[0].rev == 1


def test_checkpoints_hold_through_hundreds_of_changes_of_length(store: StrandStore, tmp_path: Path) -> None:
    strand = open_strand(store, "one", 14).id
    for number in range(420):
        edit(
            store,
            strand,
            ["mirror @0:3", "stretch 0.5 @2:8", "shift 1", f"set {number % 16} @{number % 5}"][number % 4],
        )
    known = state(store)
    second = StrandStore(tmp_path / "strands" / "edits.sqlite")
    assert state(second) == known
    second.close()


def test_locks_last_pass_undo_by_and_cost_nothing_that_could_be_redone(store: StrandStore, tmp_path: Path) -> None:
    strand = open_strand(store, "a", 12).id
    first = edit(store, strand, "set 1").strands[0].codes
    second = edit(store, strand, "set 2").strands[0].codes
    store.undo_edit(strand, asked())
    locked = edit(store, strand, "lock q1-2")
    (state,) = locked.strands
    assert (state.info.locked, state.rev, state.info.undo_depth, state.info.redo_depth) == ([1, 2], 4, 1, 1)
    assert locked.changes[0].after.shape == (3, 0)
    assert np.array_equal(store.redo_edit(strand, asked()).strands[0].codes, second)
    assert np.array_equal(store.undo_edit(strand, asked()).strands[0].codes, first)
    again = edit(store, strand, "lock q1")
    assert (again.strands, "already" in again.answer.notes[0]) == ([], True)
    store.close()
    reopened = StrandStore(tmp_path / "strands" / "edits.sqlite")
    try:
        assert reopened.list_strands()[0].info.locked == [1, 2]
        masked = edit(reopened, strand, "set 9")
        codes = masked.strands[0].codes
        assert (codes[0] == 9).all()
        assert np.array_equal(codes[1:], first[1:])
        assert "q1-2 locked" in masked.answer.notes[0]
        assert masked.answer.edit == "set 9  # q1-2 locked"
        with pytest.raises(AlleleError, match="is locked"):
            edit(reopened, strand, "reverse q1-2")
        assert edit(reopened, strand, "unlock").strands[0].info.locked == []
        entries = reopened.get_history(strand)
        assert [(entry.place, entry.edit) for entry in entries.entries] == [(1, "set 1"), (2, "set 9  # q1-2 locked")]
        assert (entries.head, entries.depth) == (2, 2)
    finally:
        reopened.close()


def test_a_tempo_lasts_passes_undo_by_and_costs_nothing_that_could_be_redone(
    store: StrandStore, tmp_path: Path
) -> None:
    strand = open_strand(store, "a", 12).id
    edit(store, strand, "cut @0:2")
    second = edit(store, strand, "set 2").strands[0].codes
    store.undo_edit(strand, asked())
    timed = edit(store, strand, "tempo 97.5 beats=3")
    (state,) = timed.strands
    assert (state.meta.tempo, state.rev, state.info.redo_depth) == (Tempo(bpm=97.5, beats=3), 4, 1)
    assert timed.answer.notes == ["97.5 bpm, 3 beats a bar: a is 0.11 bars long"]
    assert np.array_equal(store.redo_edit(strand, asked()).strands[0].codes, second)
    store.undo_edit(strand, asked())
    assert store.undo_edit(strand, asked()).strands[0].meta.tempo == Tempo(bpm=97.5, beats=3)
    store.close()
    reopened = StrandStore(tmp_path / "strands" / "edits.sqlite")
    try:
        (info,) = (one.info for one in reopened.list_strands())
        assert (info.meta.tempo, info.meta.frames, info.redo_depth) == (Tempo(bpm=97.5, beats=3), 12, 2)
        assert edit(reopened, strand, "tempo 60").strands[0].meta.tempo == Tempo(bpm=60, beats=3)
        assert edit(reopened, strand, "tempo none").strands[0].meta.tempo is None
        assert [entry.edit for entry in reopened.get_history(strand).entries] == ["cut @0:2", "set 2"]
    finally:
        reopened.close()


def test_a_journal_from_before_locks_opens(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "edits.sqlite"
    made = StrandStore(path)
    strand = open_strand(made, "a", 5).id
    made.close()
    database = sqlite3.connect(path)
    database.execute("DROP TABLE locks")
    database.execute("PRAGMA user_version=1")
    database.commit()
    database.close()
    again = StrandStore(path)
    try:
        assert edit(again, strand, "lock q0").strands[0].info.locked == [0]
    finally:
        again.close()


def test_what_was_undone_is_told_too(store: StrandStore) -> None:
    a, b = open_strand(store, "a", 6).id, open_strand(store, "b", 6).id
    edit(store, a, "set 1")
    edit(store, a, f"swap {b} q0")
    store.undo_edit(a, asked())
    told = store.get_history(a)
    assert (told.head, told.depth, [entry.strands for entry in told.entries]) == (1, 2, [1, 2])
    assert store.get_history(b).entries[0].edit == f"swap {b} q0"


def test_a_strand_is_told_as_it_was_opened_and_before_its_last_edit(store: StrandStore) -> None:
    strand = open_strand(store, "one", 14)
    for text in ("set 3 @0:4", "repeat 1 @2:6", "reverse q1 @0:9", "set 5 q0 @1"):
        before = store.list_strands()[0].codes.copy()
        edit(store, strand.id, text)
        state, opened, last = store.earlier(strand.id)
        assert np.array_equal(opened.codes, strand.codes) and np.array_equal(last.codes, before)
        assert state.rev == store.list_strands()[0].rev
    store.undo_edit(strand.id, asked())
    store.undo_edit(strand.id, asked())
    assert store.earlier(strand.id)[2].codes.shape == strand.codes.shape, "before the repetition"
