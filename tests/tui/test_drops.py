"""What a terminal pastes when files are dropped on it, and what else is pasted."""

from pathlib import Path

import pytest

from protocol.errors import AlleleError
from tui.drops import read_drop


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "a b.wav", tmp_path / "it's.alle", tmp_path / "ä#1.flac"]
    for path in made:
        path.touch()
    (tmp_path / "folder").mkdir()
    return made


def test_dropped_paths_in_every_form(files: list[Path]) -> None:
    spaced, quoted, odd = files
    forms = {
        f"'{spaced}' ": [spaced],
        str(spaced).replace(" ", "\\ ") + " ": [spaced],
        str(spaced): [spaced],
        spaced.as_uri(): [spaced],
        f'"{quoted}" {odd.as_uri()}': [quoted, odd],
        f"{spaced}\n{odd}\n": [spaced, odd],
        f"'{spaced}' '{odd}'": [spaced, odd],
    }
    for text, expected in forms.items():
        drop = read_drop(text)
        assert drop is not None, text
        assert drop.files == expected
        assert drop.folders == []


def test_a_folder_is_told_apart(files: list[Path]) -> None:
    drop = read_drop(f"'{files[0].parent}/folder' '{files[0]}'")
    assert drop is not None
    assert (drop.folders, drop.files) == ([files[0].parent / "folder"], [files[0]])


@pytest.mark.parametrize(
    "text",
    ["", "   ", "hello there", "set 1 q0", "x" * 100_000, "\x00\x01\x02", "\x1b[31m/tmp", "a\n" * 3000, "don't",
     "~nobody-at-all"],
)  # fmt: skip
def test_what_is_no_path_is_none(text: str) -> None:
    try:
        assert read_drop(text) is None
    except AlleleError as said:  # it looks like one
        assert "not on this machine" in str(said)


@pytest.mark.parametrize("text", ["/no/such/file.wav", "file:///no/such.wav", "/" + "x" * 5000, "'/open quote"])
def test_a_path_that_leads_nowhere_says_so(text: str) -> None:
    with pytest.raises(AlleleError):
        read_drop(text)
