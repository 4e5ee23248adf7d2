"""Operations that name another strand by its name as it stands."""

import pytest

from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange, LevelRange
from tui.model.commands import read_command
from tui.model.op_text import read_op

NAMES = {"don't stop", "Bob's take.alle", "my take.alle", "q0", "a 0.5", "b", "B 1", " lead.alle", "O'Neil 0.5 q0"}


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("mosaic Bob's take.alle", Edit(op="mosaic", args=["Bob's take.alle"])),
        (
            "mosaic my take.alle q0-1 @2:4",
            Edit(op="mosaic", args=["my take.alle"], levels=LevelRange(0, 1), frames=FrameRange(2, 4)),
        ),
        ("swap don't stop at=3", Edit(op="swap", args=["don't stop"], options={"at": "3"})),
        ("blend don't stop 0.5 mode=cells", Edit(op="blend", args=["don't stop", "0.5"], options={"mode": "cells"})),
        ("blend 'my take.alle' 0.5", Edit(op="blend", args=["my take.alle", "0.5"])),
        ("swap q0 q1", Edit(op="swap", args=["q0"], levels=LevelRange(1, 1))),
        ("blend a 0.5 1", Edit(op="blend", args=["a 0.5", "1"])),
        ("blend B 1", Edit(op="blend", args=["B", "1"])),
        ("mosaic O'Neil 0.5 q0 q1", Edit(op="mosaic", args=["O'Neil 0.5 q0"], levels=LevelRange(1, 1))),
        ("swap other.alle", Edit(op="swap", args=["other.alle"])),
        ("mosaic  lead.alle q1", Edit(op="mosaic", args=[" lead.alle"], levels=LevelRange(1, 1))),
        ("put b", Edit(op="put", args=["b"])),
    ],
)
def test_strands_by_their_names(text: str, edit: Edit) -> None:
    assert read_op(text, NAMES.__contains__) == edit
    command = read_command(f": {text}", NAMES)
    assert command is not None and command.edit == edit


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("mosaic Bob's gone.alle", "E_NOT_FOUND", "Bob's gone.alle"),
        ("blend don't stop", "E_BAD_EDIT", "AMOUNT"),
        ("mosaic my take.alle up=1", "E_BAD_EDIT", "'up'"),
        ("mosaic my other.alle", "E_BAD_EDIT", "OTHER"),
        ("set it's", "E_BAD_EDIT", "quot"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, code: str, said: str) -> None:
    with pytest.raises(AlleleError, match=said) as refused:
        read_op(text, NAMES.__contains__)
    assert refused.value.code == code


def test_a_strand_is_shown_by_its_name() -> None:
    for text in ("b don't stop", 'b "don\'t stop"'):
        command = read_command(text, NAMES)
        assert command is not None and command.args == ["don't stop"]
