"""Where things are, for any home folder."""

import os
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
        assert len(os.fsencode(places.socket(socket))) <= MAX_SOCKET_PATH + 20
        assert places.endpoint(socket) == f"ipc://{places.socket(socket)}"
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
        assert len(os.fsencode(places.socket(socket))) < 104  # macOS' limit, the smallest


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
