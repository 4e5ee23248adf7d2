"""Tab in a prompt for paths: as far as there is one way to go on, in every way a path can be typed."""

import unicodedata
from pathlib import Path

import pytest

from tui.model.completion import complete
from tui.model.paths import read_path, read_paths


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("rain one.wav", "rain two.wav", "Bob's pack/don't stop.wav", 'say "hi".wav', "x/only.wav"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / "drums").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_tab_completes_as_far_as_there_is_one_way(tmp_path: Path) -> None:
    assert read_paths(complete(f"{tmp_path}/dr"))[0] == tmp_path / "drums"
    assert complete(f"{tmp_path}/dr").endswith("drums/")
    assert complete(f"{tmp_path}/ra").strip("'").endswith("rain ")
    assert complete(f"{tmp_path}/nothing") == f"{tmp_path}/nothing"
    assert complete(f"/etc/hostname {tmp_path}/dr") == f"/etc/hostname {tmp_path}/drums/"


@pytest.mark.parametrize("prefix", ["", "./", "{folder}/", "'", '"', "'{folder}/", '"{folder}/'])
def test_names_with_quotes_complete_to_themselves(folder: Path, prefix: str) -> None:
    prefix = prefix.format(folder=folder)
    for typed, name in (("Bob", "Bob's pack/don't stop.wav"), ("sa", 'say "hi".wav')):
        text = prefix + typed
        for _ in range(3):
            text = complete(text)
        assert read_path(text) == folder / name, text
        assert complete(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bob's pack/do", "Bob's pack/don't stop.wav"),
        ("Bob\\'s\\ pack/do", "'Bob'\"'\"'s pack/don'\"'\"'t stop.wav'"),
        ("'drums' x/on", "'drums' x/only.wav"),
        ("drums Bob's pa", "drums 'Bob'\"'\"'s pack/'"),
        ("'rain tw", "'rain two.wav'"),
        ("'ra", "'rain "),
        ("", ""),
        ("'", "'"),
        ("nothing ", "nothing "),
        ("nowhere/x", "nowhere/x"),
        ("a\0b", "a\0b"),
    ],
)
def test_what_is_added(text: str, expected: str) -> None:
    assert complete(text) == expected


def test_a_second_path_after_one_with_spaces(folder: Path) -> None:
    text = complete("rain one.wav Bob's pack/d")
    assert read_paths(text) == [folder / "rain one.wav", folder / "Bob's pack" / "don't stop.wav"]


def test_a_name_in_the_other_normal_form_is_completed(folder: Path) -> None:
    (folder / unicodedata.normalize("NFD", "übung.wav")).touch()
    assert unicodedata.normalize("NFC", complete(unicodedata.normalize("NFC", "üb"))) == "übung.wav"
