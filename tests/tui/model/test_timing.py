"""Edges to snap to, bars to select, taps, the ruler of bars, and bounds that are cut on the beat."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ranges import END, FrameRange, SampleRange
from protocol.strands import StrandMeta
from protocol.tempo import Tempo
from tui.model.timing import (
    Snap,
    Taps,
    bar_ruler,
    beat_edges,
    bpm_text,
    fitted,
    onset_edges,
    part_of,
    step_edge,
    step_end,
    unit_at,
)

RATE, HOP = 46.875, 1024
LOOP = Tempo(bpm=120)
TEMPOS = st.builds(Tempo, bpm=st.floats(20, 400), beats=st.integers(1, 16))


def strand(samples: int, tempo: Tempo | None) -> StrandMeta:
    """The description of a strand of so many samples."""
    frames = -(-samples // HOP)
    return StrandMeta(
        name="a", model="m", codec_id="c", levels=1, codebook=16, frames=frames, samples=samples, tempo=tempo
    )


def test_edges_are_the_nearest_frames_of_beats_and_the_end() -> None:
    assert beat_edges(LOOP, 100, RATE).tolist() == [0, 23, 47, 70, 94, 100]
    samples = np.array([0, 1023, 1024, 48_000, 10**6], np.int32)
    assert onset_edges(samples, 100, RATE, 48_000).tolist() == [0, 1, 46, 100]


def test_steps_go_from_edge_to_edge_and_selections_end_before_one() -> None:
    edges = beat_edges(LOOP, 100, RATE)
    assert [step_edge(edges, 23, count) for count in (1, 2, 9, -1, -9)] == [47, 70, 100, 0, 0]
    assert (step_edge(edges, 100, 1), step_edge(edges, 0, -1)) == (None, None)
    assert [step_end(edges, last, 1) for last in (0, 22, 30)] == [22, 46, 46]
    assert step_end(edges, 46, -1) == 22 and step_end(edges, 10, -1) is None


@given(TEMPOS, st.integers(0, 900), st.integers(1, 4))
def test_a_bar_holds_the_frame_and_begins_where_a_beat_does(tempo: Tempo, frame: int, count: int) -> None:
    bar = unit_at(tempo, frame, RATE, 901, count, is_bar=True)
    assert bar.first <= frame < bar.past <= 901
    assert bar.first in beat_edges(tempo, 901, RATE)
    place = tempo.place_at(Fraction(2 * frame + 1, 2) / Fraction(RATE))
    assert bar.first == pytest.approx(float(tempo.start_of(place.bar)) * RATE, abs=0.5 + 1e-6)


@given(TEMPOS, st.integers(0, 40), st.integers(1, 8))
def test_whole_beats_are_cut_on_the_sample(tempo: Tempo, first: int, count: int) -> None:
    """A selection of beats is whole frames; the file of it is as long as the beats are."""
    edges = beat_edges(tempo, 1 << 13, RATE)
    frames = FrameRange(int(edges[first]), int(edges[first + count]))
    cut = part_of(frames, strand(1 << 30, tempo)).samples(1 << 30, HOP)
    exact = [beat * 48_000 * tempo.beat_s for beat in (first, first + count)]
    if tempo.beat_s * Fraction(RATE) >= 2:  # shorter beats share frames
        assert (cut.first, cut.past) == tuple(int(bound + Fraction(1, 2)) for bound in exact)


def test_four_seconds_are_192000_samples_and_other_frames_stay() -> None:
    def cut(first: int, past: int, samples: int, tempo: Tempo | None) -> SampleRange:
        return part_of(FrameRange(first, past), strand(samples, tempo)).samples(samples, HOP)

    assert cut(0, 188, 480_000, LOOP) == SampleRange(0, 192_000)
    assert cut(1, 187, 480_000, LOOP) == SampleRange(1024, 187 * 1024)
    assert cut(0, 188, 480_000, None) == SampleRange(0, 188 * 1024)
    assert cut(94, END, 480_000, LOOP) == SampleRange(96_000, 480_000)
    assert cut(0, 188, 192_240, LOOP) == SampleRange(0, 192_000), "a sound that goes on a little after the bar"
    assert cut(0, 188, 191_900, LOOP) == SampleRange(0, 191_900), "and one that ends a little before it"


def test_taps_give_a_tempo_from_the_fourth_on_and_begin_again_after_a_pause() -> None:
    taps = Taps()
    assert [taps.tap(at) for at in (0, 0.5, 1.0)] == [None] * 3
    assert taps.tap(1.5) == pytest.approx(120) and taps.tap(2.1) == pytest.approx(4 * 60 / 2.1)
    assert taps.tap(30.0) is None and len(taps.times) == 1


def test_a_tapped_tempo_becomes_the_one_that_fits_the_loop() -> None:
    assert fitted(118.7, 8.0) == (120.0, 16)
    assert fitted(97.3, 2.4742) == (pytest.approx(240 / 2.4742), 4)
    assert fitted(111.123, 1.0) == (111.1, 0)
    assert float(bpm_text(240 / 2.4742)) == pytest.approx(240 / 2.4742, abs=1e-6)
    assert bpm_text(120.0) == "120"


def test_snap_modes_follow_one_another() -> None:
    assert [Snap.OFF.next, Snap.BEAT.next, Snap.ONSET.next] == [Snap.BEAT, Snap.ONSET, Snap.OFF]


def test_the_ruler_has_bars_beats_and_no_more_than_fits() -> None:
    assert bar_ruler(0, 468, RATE, 100, LOOP, 30) == (
        "1                      .                       .                      .                       2     "
    )
    assert bar_ruler(0, 468, RATE, 60, LOOP, 8).startswith("1.1                    1.2                     1.3")
    assert bar_ruler(0, 39, RATE / 12, 60, Tempo(bpm=240), 8) == "1   .   .   .   5   .  .   .   9   .    " + " " * 20


@given(TEMPOS, st.integers(0, 500), st.integers(1, 300), st.integers(1, 120), st.floats(0.001, 100))
def test_any_ruler_has_its_columns(tempo: Tempo, first: int, frames: int, columns: int, rate: float) -> None:
    assert len(bar_ruler(first, frames, rate, columns, tempo, 8)) == columns
