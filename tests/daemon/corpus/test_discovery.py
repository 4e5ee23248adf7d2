"""A folder is accounted for: what is tried, what is counted by kind, which folders were not entered."""

import os
from pathlib import Path

import pytest

from daemon.corpus.discovery import find_files
from daemon.corpus.leftovers import Leftovers

TRIED = (
    "a.wav B.WAV c.Flac d.caf e.w64 f.au g.snd h.rf64 i.bwf j.bw64 k.wave l.aifc m.opus n.oga o.mp2 p.m4a q.wv r.aac"
)


def walk(folder: Path) -> tuple[list[str], Leftovers]:
    left_out = Leftovers()
    return [found.path.name for found in find_files([folder], left_out)], left_out


def test_every_file_of_a_folder_is_tried_or_counted(tmp_path: Path) -> None:
    tried = sorted(TRIED.split())
    other = ["n.txt", "m.TXT", "x.pdf", "take.mid", "LICENSE", ".hidden.wav", "._a.wav", "._", "odd.", "x.a b", "é.Ätn"]
    for name in (*tried, *other):
        (tmp_path / name).touch()
    names, left_out = walk(tmp_path)
    assert sorted(names) == tried
    assert left_out.kinds == {
        ".txt": 2, ".pdf": 1, ".mid": 1, "without a suffix": 3, "hidden": 1, "AppleDouble (._)": 2, ".ätn": 1,
    }  # fmt: skip
    assert left_out.kinds.total() == len(other)
    named = left_out.line.removeprefix("not read: ").split(", ")
    assert set(named) == {f"{count} {kind}" for kind, count in left_out.kinds.items()}
    assert named[0] == "3 without a suffix"  # the most first


def test_linked_folders_are_named_and_not_entered(tmp_path: Path) -> None:
    (tmp_path / "pack" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.wav").touch()
    (tmp_path / "pack" / "b.wav").touch()
    (tmp_path / "pack" / "deep" / "loop").symlink_to(tmp_path / "pack", target_is_directory=True)
    (tmp_path / "pack" / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    names, left_out = walk(tmp_path / "pack")
    assert names == ["b.wav"]
    facts = left_out.facts()["linked_folders"]
    assert [(Path(link["path"]).name, link["target"], link["is_loop"]) for link in facts] == [
        ("more", str(tmp_path / "elsewhere"), False),
        ("loop", str(tmp_path / "pack"), True),
    ]
    assert f"2 linked folders (more -> {tmp_path / 'elsewhere'}, loop -> {tmp_path / 'pack'}, a loop)" in left_out.line
    assert [found.path.name for found in find_files([tmp_path / "pack" / "more"])] == ["a.wav"]  # named, it is read


def test_hidden_folders_are_named_and_not_entered(tmp_path: Path) -> None:
    (tmp_path / ".Trashes").mkdir()
    (tmp_path / ".Trashes" / "old.wav").touch()
    (tmp_path / "new.wav").touch()
    names, left_out = walk(tmp_path)
    assert names == ["new.wav"] and left_out.line == "not read: 1 hidden folder (.Trashes)"
    assert [found.path.name for found in find_files([tmp_path / ".Trashes"])] == ["old.wav"]


def test_many_kinds_and_links_stay_one_short_line(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"a.k{number}").touch()
        (tmp_path / f"link{number:02d}").symlink_to("/", target_is_directory=True)
    line = walk(tmp_path)[1].line
    assert "22 of 22 other kinds" in line and "30 linked folders" in line and "and 27 more" in line
    assert len(line) < 400


@pytest.mark.skipif(os.name != "posix", reason="names are bytes there")
def test_names_of_any_bytes_can_be_counted(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/x.t\xe9")).touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/l\xe9\x1b[31m")).symlink_to("/", target_is_directory=True)
    _, left_out = walk(tmp_path)
    left_out.line.encode()
    assert left_out.kinds.total() == 1 and "\x1b" not in left_out.line


def test_nothing_left_out_is_no_line(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert walk(tmp_path)[1].line == ""
