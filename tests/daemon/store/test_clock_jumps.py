"""A clock that is set back, or on, changes no order: of strands, of the trash, of what is taken back."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from daemon.store.strands import RequestId, StrandStore
from daemon.store.trash import in_trash, move_to_trash, take_back
from protocol.strands import StrandMeta, as_encoded

HOUR_S = 3600.0
SetClock = Callable[[float], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Move the wall clock, not the monotonic one, by so many seconds from now on."""
    real_time, real_strftime = time.time, time.strftime
    offset_s = 0.0

    def move(seconds: float) -> None:
        nonlocal offset_s
        offset_s += seconds

    monkeypatch.setattr(time, "time", lambda: real_time() + offset_s)
    monkeypatch.setattr(
        time, "strftime", lambda form, when=None: real_strftime(form, when or time.localtime(time.time()))
    )
    return move


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S])
def test_what_was_removed_last_is_taken_back(tmp_path: Path, set_clock: SetClock, jump_s: float) -> None:
    trash = tmp_path / "trash"
    for number in range(4):
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "which").write_text(str(number))
        move_to_trash(tmp_path / "model", trash, "model")
        set_clock(jump_s if number % 2 else 0.0)
    take_back(in_trash(trash, "model")["model"], tmp_path / "model")
    assert (tmp_path / "model" / "which").read_text() == "3"


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S])
def test_strands_stay_in_the_order_in_which_they_were_opened_and_closed(
    tmp_path: Path, set_clock: SetClock, jump_s: float
) -> None:
    store = StrandStore(tmp_path / "edits.sqlite")
    opened = []
    for number in range(3):
        codes = np.zeros((1, 4), np.uint16)
        meta = StrandMeta(
            name=str(number), model="m", codec_id="c", levels=1, codebook=16, frames=4, samples=4096
        )  # fmt: skip
        opened.append(store.open_strand(as_encoded(meta, codes), RequestId(cid=b"c" * 16, id=bytes([number]) * 16)).id)
        set_clock(jump_s)
    store.close()
    store = StrandStore(tmp_path / "edits.sqlite")
    assert [state.id for state in store.list_strands()] == opened
    for strand in opened:
        store.close_strand(strand)
        set_clock(jump_s)
    assert [strand.id for strand in store.list_closed_strands().strands] == opened[::-1]
    store.close()
