"""The grammar of edits: text to value and back, and one clear refusal for everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.edits import Edit, check_edit, format_edit, parse_edit
from protocol.errors import AlleleError
from protocol.operations import OPS
from protocol.opspec import Place
from protocol.ranges import END, FrameRange, LevelRange
from protocol.times import time_as_frames

LEVELS = st.none() | st.tuples(st.integers(0, 31), st.integers(0, 31)).map(lambda pair: LevelRange(*sorted(pair)))
FRAMES = st.none() | st.builds(FrameRange, st.integers(0, 10**6), st.just(END) | st.integers(1, 10**6)).filter(len)


def is_no_time(text: str) -> bool:
    """Whether a text is kept as it is: a time, or a place in bars, becomes a frame or is refused."""
    try:
        return time_as_frames(text, 46.875) == text
    except AlleleError:
        return False


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(is_no_time)


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    spec = OPS[draw(st.sampled_from(sorted(OPS)))]
    has_place = spec.place is not Place.STRAND
    return Edit(
        op=spec.name,
        args=[draw(NAMES) for _ in spec.arguments],
        levels=draw(LEVELS) if has_place else None,
        frames=draw(FRAMES) if has_place else None,
        options={key: draw(NAMES) for key in spec.options if draw(st.booleans())},
    )


@given(edits())
def test_text_and_value_say_the_same(edit: Edit) -> None:
    assert parse_edit(format_edit(edit)) == edit


@given(st.text(max_size=60))
def test_any_text_is_an_edit_or_a_clear_refusal(text: str) -> None:
    try:
        edit = parse_edit(text)
    except AlleleError as error:
        assert error.code == "E_BAD_EDIT"
    else:
        assert check_edit(edit) == edit


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_example_in_the_help_is_one(name: str) -> None:
    assert parse_edit(OPS[name].example).op == name


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("set 17 q0 @3:4", Edit(op="set", args=["17"], levels=LevelRange(0, 0), frames=FrameRange(3, 4))),
        ("set 17 @3", Edit(op="set", args=["17"], frames=FrameRange(3, 4))),
        ("swap o.alle", Edit(op="swap", args=["o.alle"])),
        (
            "swap 'my own.alle' q0-1 @10: at=5",
            Edit(op="swap", args=["my own.alle"], levels=LevelRange(0, 1), frames=FrameRange(10), options={"at": "5"}),
        ),
        ("swap q0 q1", Edit(op="swap", args=["q0"], levels=LevelRange(1, 1))),
        ("swap a=b.alle @:4", Edit(op="swap", args=["a=b.alle"], frames=FrameRange(0, 4))),
        ("put a @12:", Edit(op="put", args=["a"], frames=FrameRange(12))),
        ("crop @1.2s:3.4s", Edit(op="crop", frames=FrameRange(56, 159))),
        ("cut @1.2s:300 into=b", Edit(op="cut", frames=FrameRange(56, 300), options={"into": "b"})),
        ("trim @500ms:", Edit(op="crop", frames=FrameRange(23))),
        ("delete @:.5s", Edit(op="cut", frames=FrameRange(0, 23))),
        ("set 1 @1.2s", Edit(op="set", args=["1"], frames=FrameRange(56, 57))),
        ("swap o @2s: at=1.5s", Edit(op="swap", args=["o"], frames=FrameRange(94), options={"at": "70"})),
        ("mix a gap=@0.1s", Edit(op="mix", args=["a"], options={"gap": "@5"})),
        ("shift -0.5s", Edit(op="shift", args=["-23"])),
        ("pause 0.5s @4:", Edit(op="pause", args=["23"], frames=FrameRange(4))),
        ("join o take=1s:2s before=3s", Edit(op="join", args=["o"], options={"take": "47:94", "before": "141"})),
    ],
)
def test_known_texts(text: str, edit: Edit) -> None:
    assert parse_edit(text) == edit


def test_a_time_becomes_frames_by_the_rate_of_the_strand() -> None:
    assert parse_edit("crop @1s:2s", 100.0).frames == FrameRange(100, 200)
    assert parse_edit("pause 1s", 100.0).args == ["100"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("explode q0", "no operation"),
        ("set", "CODE"),
        ("set 1 2", "CODE"),
        ("swap", "OTHER"),
        ("set 1 q3-1", "backwards"),
        ("set 1 @4:4", "empty"),
        ("set 1 @9:4", "empty"),
        ("crop @3.4s:1.2s", "empty"),
        ("crop @3s:4", "empty"),
        ("join o q0", "takes no range"),
        ("set 1 q0 q1", "twice"),
        ("set 1 @1:2 @3:4", "twice"),
        ("set 1 loud=yes", "no option"),
        ("swap 'half", "quot"),
    ],
)
def test_refusals_name_the_part(text: str, said: str) -> None:
    with pytest.raises(AlleleError) as caught:
        parse_edit(text)
    assert caught.value.code == "E_BAD_EDIT"
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("set 5 q", "'q' names no levels", "q0-3"),
        ("set 5 q1_0", "'q1_0' names no levels", "q0-3"),
        ("set 5 q١", "names no levels", "q0-3"),
        ("set 5 @", "'@' names no frames", "@10:40"),
        ("set 5 @-3:", "'@-3:' names no frames", "@10:40"),
        ("set 5 @٣:", "names no frames", "@10:40"),
        ("set 5 6", "set takes CODE, not '5 6'", "as in"),
        ("set", "set takes CODE, not nothing", "as in"),
        ("set 5 q1 q2", "q2: the range is given twice", "once"),
        ("set 5 q3-1", "levels q3-1 run backwards", "q0-3"),
    ],
)
def test_a_refusal_says_how_it_is_written(text: str, said: str, hint: str) -> None:
    with pytest.raises(AlleleError) as refusal:
        parse_edit(text)
    assert said in refusal.value.message and hint in refusal.value.hint
    assert "[" not in str(refusal.value) and "(" not in refusal.value.message
