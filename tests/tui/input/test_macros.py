"""Recording and playing macros, without a screen."""

from tui.input.macros import MOST_PLAYED, MOST_STROKES, Macros, Recorded


def record(macros: Macros, commands: list[str], ending: str) -> Recorded:
    """Commands as they are typed, keys with spaces between."""
    macros.begin("a")
    for command in [*commands, ending]:
        for at, stroke in enumerate(command.split()):
            macros.note(stroke, begins=at == 0)
    return macros.finish()


def test_the_command_that_ends_it_is_no_part_however_many_keys_it_has() -> None:
    for ending in ("q", "g q", ": m a c r o . r e c o r d enter"):
        macros = Macros()
        assert record(macros, ["j", "2 l", "g g"], ending) == Recorded("a", 5, 5), ending
        assert macros.known == {"a": ["j", "2", "l", "g", "g"]}
        assert macros.recording is None


def test_an_empty_macro_is_one() -> None:
    macros = Macros()
    assert record(macros, [], "q") == Recorded("a", 0, 0)
    assert macros.known == {"a": []}


def test_what_is_over_the_most_is_counted_and_nothing_else_is_cut() -> None:
    macros = Macros()
    assert record(macros, ["j"] * MOST_STROKES, "g q") == Recorded("a", MOST_STROKES, MOST_STROKES)
    assert record(macros, ["j"] * (MOST_STROKES + 20), "g q") == Recorded("a", MOST_STROKES, MOST_STROKES + 20)
    assert macros.known["a"] == ["j"] * MOST_STROKES


def test_a_macro_in_a_macro_is_played_where_it_stands_and_one_that_plays_itself_ends() -> None:
    macros, pressed = Macros(known={"a": ["1", "b", "2"], "b": ["3"], "c": ["c"]}), list[str]()

    def press(stroke: str) -> bool:
        pressed.append(stroke)
        if stroke in "bc":
            macros.play(stroke, 2, press)
        return True

    macros.play("a", 2, press)
    assert "".join(pressed) == "1b332" * 2
    pressed.clear()
    macros.play("c", 1, press)
    assert len(pressed) == MOST_PLAYED
