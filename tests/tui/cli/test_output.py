"""What is printed: one JSON object or text on stdout, one harmless line for everything else."""

import json
import math

import pytest

from tui.cli.output import Output, duration, level, one_line, plain, table


def test_json_is_one_object_and_finite(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).result({"peak_db": -math.inf, "list": [math.nan, 1.5], "ü": ("a", {"b": math.inf})}, "text")
    out, err = capsys.readouterr()
    assert json.loads(out) == {"peak_db": None, "list": [None, 1.5], "ü": ["a", {"b": None}]}
    assert out.count("\n") == 1 and err == ""


def test_notes_go_to_stderr_in_either_case(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (True, False):
        Output(as_json=as_json).note("stereo was averaged")
    assert capsys.readouterr() == ("", "stereo was averaged\n" * 2)


def test_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=False).result({"a": 1}, ["one", "two"])
    assert capsys.readouterr().out == "one\ntwo\n"


def test_a_line_is_one_line_that_no_terminal_obeys() -> None:
    assert one_line("a\nb\tc  d") == "a b c d"
    assert one_line("x\x1b[31my\x07") == r"x\x1b[31my\x07"
    assert one_line("rain-ü-雨.wav") == "rain-ü-雨.wav"
    assert one_line("bad-\udcff") == r"bad-\udcff"


def test_tables_align_numbers_to_the_right() -> None:
    assert table(("name", "n"), [("a", 5), ("bcdef", 1000)]) == ["name      n", "a         5", "bcdef  1000"]
    assert table(("name", "n"), []) == ["name  n"]


def test_quantities_read_well() -> None:
    assert [duration(s) for s in (0, 4.2, 59.99, 61, 3725)] == ["0.00 s", "4.20 s", "59.99 s", "1:01", "1:02:05"]
    assert [level(db) for db in (-12.34, -math.inf, None)] == ["-12.3 dBFS", "silence", "silence"]
    assert plain({1: None}) == {"1": None}
