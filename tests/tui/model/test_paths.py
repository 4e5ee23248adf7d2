"""Paths as terminals deliver them and as people type them: what exists as it stands is what is meant."""

import platform
import shlex
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest

from protocol.errors import AlleleError
from tui.model.existing import is_there, named
from tui.model.paths import line_of, read_path, read_path_and_rest, read_paths

ODD = [
    "Bob's pack/don't stop.wav",
    "'quoted'.wav",
    'say "hi".wav',
    "'tis.wav",
    "back\\slash.wav",
    "my\\ sound.wav",
    "(a) [b] {c} & d; e | f $HOME `x`.wav",
    "#1 100% %20.wav",
    "-kick.wav",
    "~",
    "~/inner.wav",
    "~root",
    "trail.wav ",
    " lead.wav",
    "two  blanks.wav",
    "set 1 q0 @3:4",
    "new\nline.wav",
    "tab\there.wav",
    "file:x.wav",
    "u\u0308 nfd.wav",
    "\u00fc nfc.wav",
    "shot\u202f9.wav",
    "雨.wav",
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(name: str | Path) -> Path:
    path = Path(name).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


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


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_exists_is_meant_as_it_stands(name: str) -> None:
    path = make(name)
    for typed in (name, f"./{name}", str(path)):
        assert read_paths(typed) == [read_path(typed)] == [path]
        assert read_path_and_rest(typed) == (path, "")


@pytest.mark.parametrize("name", ODD)
def test_every_quoting_of_a_name_that_exists_is_read(name: str) -> None:
    path = make(name)
    escaped = "".join(f"\\{char}" if char in " \\'\"()[]{}&;|$`#~\t" else char for char in str(path))
    forms = [shlex.quote(str(path)), f"{shlex.quote(str(path))} ", path.as_uri(), f"file://localhost{quote(str(path))}"]
    forms += [escaped] if "\n" not in name else ["$'" + str(path).replace("\n", "\\n") + "'"]
    for form in forms:
        assert read_paths(form) == [path], form
        assert read_path(form) == path, form


def test_as_it_stands_comes_before_unquoting() -> None:
    literal, other = make("'a.wav'"), make("a.wav")
    assert read_paths("'a.wav'") == [literal]
    assert read_paths("a.wav") == [other]
    literal, other = make("x%20y.wav"), make("x y.wav")
    assert read_paths(str(literal)) == [literal]
    assert read_paths(f"file://{literal}") == [other], "an address is decoded"
    other.unlink()
    assert read_paths(f"file://{literal}") == [literal], "by a program that does not encode addresses"


def test_several_in_a_row_in_any_mixture() -> None:
    one, two, three = make("Bob's pack/don't stop.wav"), make("my sound.wav"), make("c.wav")
    rows = [
        f"{one} {two} {three}",
        f"{two}\n{one}\n{three}\n",
        f"{shlex.quote(str(two))} {one} {three.as_uri()}",
        f"{one}\r\n{shlex.quote(str(two))} {three}",
    ]
    for row in rows:
        assert sorted(read_paths(row)) == sorted([one, two, three]), row
    ended = make("new\nline.wav")
    assert read_paths(f"{shlex.quote(str(ended))} {three}") == [ended, three]
    assert read_paths(str(ended).replace("\n", "\r")) == [ended], "terminals paste line ends as returns"
    for paths in ([one], [ended], [one, two, ended]):
        assert read_paths(line_of(paths)) == paths


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_found_in_the_other_normal_form(form: str) -> None:
    other = "NFD" if form == "NFC" else "NFC"
    path = make(unicodedata.normalize(other, "schöne Töne/übung é.wav"))
    typed = unicodedata.normalize(form, "schöne Töne/übung é.wav")
    assert not Path(typed).exists()
    assert read_paths(typed) == [path] and read_path(typed) == path
    assert named(typed) == path.relative_to(Path.cwd())
    new = unicodedata.normalize(form, "schöne Töne/nouveau ô.wav")
    assert read_path(new) == path.parent / Path(new).name, "a new file goes into the folder that exists"
    both = make(typed)
    assert read_paths(typed) == [both], "exactly so comes first"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("don't stop.wav", "don't stop.wav"),
        ("Bob's don't.wav", "Bob's don't.wav"),
        ("'tis.wav", "'tis.wav"),
        ("rock 'n' roll.wav", "rock 'n' roll.wav"),
        ("a\\b.wav", "a\\b.wav"),
        ("my sound.wav", "my sound.wav"),
        ("'my sound.wav'", "my sound.wav"),
        ('"it\'s mine.wav"', "it's mine.wav"),
        ("it\\'s\\ mine.wav", "it's mine.wav"),
        ("'it'\\''s mine.wav'", "it's mine.wav"),
        ("'a folder'/new don.wav", "'a folder'/new don.wav"),
        ("'a folder'/new.wav", "a folder/new.wav"),
        ("a' f'older/new.wav", "a folder/new.wav"),
        ("  100%20 #1.wav  ", "100%20 #1.wav"),
    ],
)
def test_a_new_name_keeps_its_apostrophes(text: str, name: str) -> None:
    Path("a folder").mkdir()
    assert read_path(text) == Path.cwd() / name


def test_a_path_and_a_word_after_it() -> None:
    path = make("Bob's pack/don't stop.wav")
    for typed in ("Bob's pack/don't stop.wav", shlex.quote(str(path)), str(path)):
        assert read_path_and_rest(f"{typed} toy") == (path, "toy")
        assert read_path_and_rest(typed) == (path, "")
    assert read_path_and_rest(f"{make('trail.wav ').name} toy") == (Path.cwd() / "trail.wav ", "toy")
    assert read_path_and_rest("gone.wav toy") == (Path.cwd() / "gone.wav", "toy")
    assert read_path_and_rest("'my gone.wav' toy") == (Path.cwd() / "my gone.wav", "toy")
    assert read_path_and_rest("my gone.wav") == (Path.cwd() / "my gone.wav", "")
    longer = make("Bob's pack/don't stop.wav toy")
    assert read_path_and_rest("Bob's pack/don't stop.wav toy") == (longer, ""), "the longest name that exists"


def test_what_cannot_be_a_path_here_says_why() -> None:
    with pytest.raises(AlleleError, match="quote is not closed"):
        read_paths("'/tmp/a.wav")
    with pytest.raises(AlleleError, match="machine laptop"):
        read_paths("file://laptop/tmp/a.wav")
    for text in ("", "  ", "'a.wav' 'b.wav'"):
        with pytest.raises(AlleleError, match="file names"):
            read_path(text)
    assert read_paths(f"file://{platform.node()}/tmp/a.wav") == [Path("/tmp/a.wav")]


def test_a_missing_name_is_reported_as_it_was_typed() -> None:
    for text in ("/no/don't.wav", "/no/Bob's don't.wav", "/no/my sound.wav", "/no/a\\b"):
        assert read_paths(text) == [Path(text)]


def test_a_name_that_no_file_can_have_is_not_there(tmp_path: Path) -> None:
    assert is_there(tmp_path)
    assert not any(is_there(tmp_path / name) for name in ("x" * 5000, "a\0b", "nothing"))
    assert named("x" * 5000) is named("ä" * 5000) is named("a\0b") is named("") is None
