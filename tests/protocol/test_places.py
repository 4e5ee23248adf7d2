"""Where things are, for any home folder."""

import os
import pwd
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import AlleleError
from protocol.places import MAX_SOCKET_PATH, default_home, places_of
from protocol.units import SAMPLE_RATE_HZ
from protocol.version import PROTOCOL_MAX, PROTOCOL_MIN, negotiate


@given(st.text("abcdefgü/ ", min_size=1, max_size=300))
def test_a_socket_path_always_fits_and_differs_by_home(name: str) -> None:
    places = places_of(Path("/") / name.strip("/ ") / "home")
    for socket in ("ctl", "evt", "aud"):
        assert len(os.fsencode(places.endpoint.socket(socket))) <= MAX_SOCKET_PATH + 20
        assert places.endpoint.address(socket) == f"ipc://{places.endpoint.socket(socket)}"
    other = places_of(Path("/") / name.strip("/ ") / "other")
    assert other.run != places.run
    assert places_of(places.home) == places


def test_a_long_home_keeps_its_files_and_moves_its_sockets(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    places = places_of(home)
    assert places.catalogue == home / "catalogue.sqlite"
    assert home not in places.run.parents
    assert str(os.getuid()) in places.run.name
    for socket in ("ctl", "evt", "aud"):
        assert len(os.fsencode(places.endpoint.socket(socket))) < 104  # macOS' limit, the smallest


def test_the_home_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALLELE_HOME", str(tmp_path / "mine"))
    assert default_home() == tmp_path / "mine"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALLELE_HOME", "relative")
    assert default_home() == tmp_path / "relative"
    monkeypatch.setenv("ALLELE_HOME", "~/somewhere")
    assert default_home() == Path.home() / "somewhere"
    monkeypatch.delenv("ALLELE_HOME")
    assert default_home().is_absolute() and default_home().name == "allele"


def test_a_home_whose_name_is_not_utf_8_is_refused_by_a_line_that_can_be_printed(tmp_path: Path) -> None:
    named = Path(os.fsdecode(os.fsencode(tmp_path) + b"/h\xff"))
    with pytest.raises(AlleleError, match="the folder's name is not UTF-8") as refusal:
        places_of(named)
    assert f"{tmp_path}/h\\xff:" in str(refusal.value) and "--home" in refusal.value.hint
    assert places_of(tmp_path / "hé").home == tmp_path / "hé"


@pytest.mark.parametrize(
    ("theirs", "version"),
    [
        ((PROTOCOL_MIN, PROTOCOL_MAX), PROTOCOL_MAX),
        ((PROTOCOL_MIN, PROTOCOL_MAX + 5), PROTOCOL_MAX),
        ((PROTOCOL_MAX + 1, PROTOCOL_MAX + 5), None),
        ((PROTOCOL_MIN - 2, PROTOCOL_MIN - 1), None),
    ],
)
def test_versions_meet_or_do_not(theirs: tuple[int, int], version: int | None) -> None:
    assert negotiate(theirs) == version


def test_everything_is_at_48_khz() -> None:
    assert SAMPLE_RATE_HZ == 48_000


def test_every_name_of_a_home_gives_the_same_places_whatever_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("home", "long" * 30):
        home, link = tmp_path / name, tmp_path / f"to {name[:4]}"
        expected = places_of(home)
        home.mkdir()
        link.symlink_to(home)
        monkeypatch.chdir(tmp_path)
        for variable in ("TMPDIR", "TMP", "XDG_RUNTIME_DIR"):
            monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
        monkeypatch.setattr(tempfile, "tempdir", None)
        assert {places_of(way) for way in (home, link, Path(name), home / ".." / name)} == {expected}
        assert (expected.daemon_lock.parent, expected.start_lock.parent) == (home, home)


def test_a_loop_of_links_and_an_unknown_user_are_names_like_others(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert places_of(tmp_path / "loop").home == tmp_path / "loop"
    assert places_of(Path("~nobody-of-that-name/x")).home.name == "x"


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without an entry in the passwd database, as in a container under an arbitrary number."""

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for variable in ("HOME", "ALLELE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_folder_a_line_says_how_to_name_one(
    home: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if home is not None:
        monkeypatch.setenv("HOME", home)
    with pytest.raises(AlleleError, match="HOME is") as refusal:
        default_home()
    assert "--home" in refusal.value.hint and "ALLELE_HOME" in refusal.value.hint
    monkeypatch.setenv("ALLELE_HOME", str(tmp_path))
    assert default_home() == tmp_path
    monkeypatch.setenv("ALLELE_HOME", "~/here")
    assert default_home().name == "here"  # no user is known by ~: it is a folder of that name


@pytest.mark.usefixtures("nobody")
def test_what_is_named_is_used_though_nobody_has_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in default_home().parents
    if sys.platform != "darwin":
        monkeypatch.setenv("HOME", "")
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        assert default_home() == tmp_path / "data" / "allele"


def test_the_home_folder_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("ALLELE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in default_home().parents
    owner, writable = os.getuid(), True
    monkeypatch.setattr(os, "access", lambda *_: writable)
    for uid, writable, refused in ((owner, False, False), (owner + 1, True, False), (owner + 1, False, True)):  # noqa: B007
        monkeypatch.setattr(os, "getuid", lambda uid=uid: uid)
        if refused:
            with pytest.raises(AlleleError, match=f"belongs to user {owner}; this is user {uid}"):
                default_home()
        else:
            assert tmp_path in default_home().parents
