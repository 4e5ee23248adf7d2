"""Paths as terminals deliver them."""

from pathlib import Path

import pytest

from protocol.errors import AlleleError
from tui.model.completion import complete
from tui.model.existing import is_there
from tui.model.paths import read_paths


def test_every_way_a_path_is_dropped(tmp_path: Path) -> None:
    spaced = tmp_path / "my sound.wav"
    spaced.touch()
    plain = tmp_path / "a.wav"
    quoted = str(spaced).replace(" ", "\\ ")
    for text in (f"'{spaced}' ", quoted, f"file://{str(spaced).replace(' ', '%20')}", str(spaced)):
        assert read_paths(text) == [spaced], text
    assert read_paths(f"{plain} '{spaced}'") == [plain, spaced]
    assert read_paths(f"{plain}\n{spaced}\n\n") == [plain, spaced]
    assert read_paths("~/x.wav") == [Path.home() / "x.wav"]
    assert read_paths("  ") == []


def test_what_cannot_be_a_path_here_says_why() -> None:
    with pytest.raises(AlleleError, match="quote is open"):
        read_paths("'/tmp/a.wav")
    with pytest.raises(AlleleError, match="machine laptop"):
        read_paths("file://laptop/tmp/a.wav")


def test_tab_completes_as_far_as_there_is_one_way(tmp_path: Path) -> None:
    (tmp_path / "rain one.wav").touch()
    (tmp_path / "rain two.wav").touch()
    (tmp_path / "drums").mkdir()
    assert read_paths(complete(f"{tmp_path}/dr"))[0] == tmp_path / "drums"
    assert complete(f"{tmp_path}/dr").endswith("drums/")
    assert complete(f"{tmp_path}/ra").strip("'").endswith("rain ")
    assert complete(f"{tmp_path}/nothing") == f"{tmp_path}/nothing"
    assert complete(f"/etc/hostname {tmp_path}/dr") == f"/etc/hostname {tmp_path}/drums/"


def test_a_name_that_no_file_can_have_is_not_there(tmp_path: Path) -> None:
    assert is_there(tmp_path)
    assert not any(is_there(tmp_path / name) for name in ("x" * 5000, "a\0b", "nothing"))
