"""Two stores open on one journal file, as two daemons would be: neither overwrites what the other acknowledged."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.store.strand_state import Edited, RequestId, StrandState, SupersededError
from daemon.store.strands import StrandStore
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.strands import StrandMeta, as_encoded


def asked(if_rev: int | None = None) -> RequestId:
    return RequestId(cid=b"c" * 16, id=os.urandom(16), if_rev=if_rev)


def open_strand(store: StrandStore, name: str, request: RequestId | None = None) -> StrandState:
    codes = np.random.default_rng(len(name)).integers(0, 16, (3, 12)).astype(np.uint16)
    meta = StrandMeta(name=name, model="m", codec_id="c", levels=3, codebook=16, frames=12, samples=12 * 1024)
    return store.open_strand(as_encoded(meta, codes), request or asked())


def same(left: list[StrandState], right: list[StrandState]) -> bool:
    return {x.id: x.info for x in left} == {y.id: y.info for y in right} and all(
        np.array_equal(x.codes, next(y.codes for y in right if y.id == x.id)) for x in left
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "edits.sqlite"


@pytest.fixture
def stores(path: Path) -> Iterator[tuple[StrandStore, StrandStore, str, str]]:
    """Two stores that know the same two strands with three edits each, and the strands."""
    first = StrandStore(path)
    one, two = open_strand(first, "one").id, open_strand(first, "second").id
    for strand in (one, two):
        for code in (1, 2, 3):
            first.apply_edit(strand, parse_edit(f"set {code} q0 @0:4"), asked())
    second = StrandStore(path)
    yield first, second, one, two
    first.close()
    second.close()


def test_an_edit_by_a_stale_store_is_a_conflict_and_truncates_nothing(
    stores: tuple[StrandStore, StrandStore, str, str], path: Path
) -> None:
    first, second, one, _ = stores
    for _ in range(2):
        first.undo_edit(one, asked())
    first.redo_edit(one, asked())
    kept = first.list_strands()
    with pytest.raises(SupersededError, match=r"one was changed \(now revision 6\) by another process") as refusal:
        second.apply_edit(one, parse_edit("set 9 q1"), asked())
    assert (refusal.value.code, refusal.value.strands) == ("E_CONFLICT", [one])
    assert same(first.list_strands(), kept)
    assert same(second.list_strands(), kept)  # it was read again, and can go on at once
    second.apply_edit(one, parse_edit("set 9 q1"), asked(if_rev=6))
    again = StrandStore(path)
    assert same(again.list_strands(), second.list_strands())
    again.close()


@pytest.mark.parametrize("text", ["undo", "redo", "lock q0", "copy a q0", "swap OTHER q0 @0:4"])
def test_every_change_compares_the_revision(stores: tuple[StrandStore, StrandStore, str, str], text: str) -> None:
    first, second, one, two = stores
    second.undo_edit(one, asked())  # so that there is something to redo
    first.list_strands()
    with pytest.raises(SupersededError):
        first.apply_edit(one, parse_edit("set 5 q2"), asked())
    first.apply_edit(one, parse_edit("set 5 q2"), asked())  # the redo of the second store is gone in the file
    kept = first.list_strands()
    with pytest.raises(SupersededError):
        if text in ("undo", "redo"):
            (second.undo_edit if text == "undo" else second.redo_edit)(one, asked())
        else:
            second.apply_edit(one, parse_edit(text.replace("OTHER", two)), asked())
    assert same(second.list_strands(), kept)
    assert second.registers.keys() == set()


def test_an_edit_that_reads_a_stale_strand_is_a_conflict_too(
    stores: tuple[StrandStore, StrandStore, str, str],
) -> None:
    first, second, one, two = stores
    first.apply_edit(two, parse_edit("set 7"), asked())
    with pytest.raises(SupersededError) as refusal:
        second.apply_edit(one, parse_edit(f"swap {two} q0"), asked())
    assert refusal.value.strands == [two]
    assert same(second.list_strands(), first.list_strands())


def test_closing_and_reopening_compare_too(stores: tuple[StrandStore, StrandStore, str, str]) -> None:
    first, second, one, _ = stores
    first.apply_edit(one, parse_edit("set 7"), asked())
    with pytest.raises(SupersededError, match="was changed"):
        second.close_strand(one)
    second.close_strand(one)
    with pytest.raises(SupersededError, match="was closed"):
        first.apply_edit(one, parse_edit("set 8"), asked())
    assert first.find(one) is None and second.find(one) is None
    assert same([first.reopen_strand(one)], [second.reopen_strand(one)])


def test_a_request_that_both_receive_is_done_once(stores: tuple[StrandStore, StrandStore, str, str]) -> None:
    first, second, one, _ = stores
    request = asked()
    done = first.apply_edit(one, parse_edit("shift 3"), request)
    again = second.apply_edit(one, parse_edit("shift 3"), request)
    assert isinstance(done, Edited) and isinstance(again, Edited)
    assert done.answer == again.answer
    opening = asked()
    assert open_strand(first, "third", opening).id == open_strand(second, "third", opening).id


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["set", "shift", "undo", "redo", "swap"])), max_size=25))
def test_whatever_two_stores_do_every_acknowledged_edit_is_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, str]]
) -> None:
    path = tmp_path_factory.mktemp("two") / "edits.sqlite"
    first = StrandStore(path)
    strands = [open_strand(first, "one").id, open_strand(first, "second").id]
    second = StrandStore(path)
    known: dict[str, StrandState] = {state.id: state for state in first.list_strands()}
    for number, (is_first, op) in enumerate(steps):
        store = first if is_first else second
        strand, other = strands[number % 2], strands[1 - number % 2]
        texts = {"set": f"set {number % 16} q1", "shift": "shift 1 q0", "swap": f"swap {other} q2"}
        try:
            if op in texts:
                edited = store.apply_edit(strand, parse_edit(texts[op]), asked())
            else:
                edited = (store.undo_edit if op == "undo" else store.redo_edit)(strand, asked())
        except AlleleError as refusal:
            assert refusal.code in ("E_CONFLICT", "E_NOTHING_TO_UNDO")
            continue
        assert isinstance(edited, Edited), "none of these edits needs a model"
        known.update({state.id: state for state in edited.strands})
    again = StrandStore(path)
    assert same(again.list_strands(), list(known.values()))
    for strand in strands:  # and all of it can be taken back
        while True:
            try:
                again.undo_edit(strand, asked())
            except AlleleError:
                break
    for store in (first, second, again):
        store.close()
