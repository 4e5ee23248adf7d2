"""The name that saving offers is free and plain, and a typed one is completed to a file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import AlleleError
from tui.model.save_names import missing_folder, offered_name, plain_stem, typed_file, whole_file


def test_the_next_free_name_is_offered(tmp_path: Path) -> None:
    offered: list[str] = []
    for _ in range(3):
        name = offered_name("take", tmp_path)
        offered.append(name)
        (tmp_path / name).touch()
    assert offered == ["take.wav", "take-2.wav", "take-3.wav"]
    assert offered_name("take-2", tmp_path) == "take-4.wav", "numbers are not stacked"
    assert offered_name("take", tmp_path, suffix=".alle") == "take.alle"
    (tmp_path / "link.wav").symlink_to("nowhere")
    assert offered_name("link", tmp_path) == "link-2.wav"
    assert offered_name("gone", tmp_path, kept=tmp_path / "gone.wav") == "gone-2.wav", "never the recording's own name"


@given(st.text(max_size=150))
def test_no_offer_is_a_folder_or_hidden(name: str) -> None:
    stem = plain_stem(name)
    assert stem and "/" not in stem and stem.isprintable()
    assert not stem.startswith(".") and not stem.endswith(".")


@pytest.mark.parametrize(
    ("typed", "file"),
    [
        ("take", "last/take.wav"),
        ("take.alle", "last/take.alle"),
        ("take.1", "last/take.1.wav"),
        ("TAKE.WAV", "last/TAKE.WAV"),
        ("sub/", "last/sub/free.wav"),
        ("new/", "last/new/free.wav"),
        ("..", "free.wav"),
        (".", "last/free.wav"),
        ("../other/take", "other/take.wav"),
        ("'it is mine'", "last/it is mine.wav"),
    ],
)
def test_a_typed_name_becomes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, file: str) -> None:
    for folder in ("last/sub", "other", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = typed_file(typed, tmp_path / "last", lambda _: "free.wav")
    assert found.resolve() == (tmp_path / file).resolve()
    assert typed_file(str(tmp_path / "last" / "x"), Path("/nowhere"), lambda _: "").name == "x.wav"


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AlleleError, match=r"take\.mp3: this format is unknown"):
        whole_file(tmp_path / "take.mp3", lambda _: "")


def test_only_a_folder_that_can_be_made_is_offered(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert missing_folder(tmp_path / "x.wav") is None
    assert missing_folder(tmp_path / "a" / "b" / "x.wav") == tmp_path / "a" / "b"
    assert missing_folder(tmp_path / "file" / "x.wav") is None
