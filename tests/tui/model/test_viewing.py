"""Zoomed cells, the overview line, finding codes, against slow and plain twins."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import AlleleError
from protocol.ranges import FrameRange, LevelRange, Rect
from tui.model.colours import BINS, DARK, DARK_BINS, LIGHT, PALETTES
from tui.model.editor import Pane
from tui.model.overview import overview
from tui.model.search import Sought, places, read_sought, sought_in, step
from tui.model.waveform import BANDS, SHADES, Waveform, bands_of
from tui.model.zoom import SEEN, any_of, cells_of, largest_of, whole, zoomed_in, zoomed_out

ROWS = st.lists(st.integers(0, 3), max_size=60).map(lambda row: np.array(row, dtype=np.uint16))


@given(row=ROWS, first=st.integers(0, 60), columns=st.integers(0, 20), zoom=st.integers(1, 9))
def test_a_cell_shows_the_code_most_frequent_in_it(row: np.ndarray, first: int, columns: int, zoom: int) -> None:
    cells = cells_of(row, first, columns, zoom)
    marked = any_of(row == 3, first, columns, zoom)
    loudest = largest_of(row.astype(np.float32), first, columns, zoom)
    part = row[first : first + columns * zoom].tolist()
    groups = [part[at : at + zoom] for at in range(0, len(part), zoom)]
    assert len(cells) == len(marked) == len(loudest) == len(groups)
    for code, mark, most, group in zip(cells.tolist(), marked.tolist(), loudest.tolist(), groups, strict=True):
        counts = Counter(group[at * len(group) // min(zoom, SEEN)] for at in range(min(zoom, SEEN)))
        assert counts[code] == max(counts.values())
        assert mark == (3 in group)
        assert most == max(group)


def test_unknown_frames_do_not_hide_known_ones() -> None:
    peaks = np.array([np.nan, 0.5, np.nan, np.nan, 0.2], dtype=np.float32)
    assert np.array_equal(largest_of(peaks, 0, 3, 2), np.array([0.5, np.nan, 0.2], np.float32), equal_nan=True)


@given(frames=st.integers(1, 100_000), columns=st.integers(1, 300))
def test_zoom_goes_to_the_whole_and_back(frames: int, columns: int) -> None:
    zoom = 1
    for _ in range(40):
        zoom = zoomed_out(zoom, frames, columns)
    assert zoom == whole(frames, columns)
    assert zoom * columns >= frames
    assert zoom == 1 or (zoom - 1) * columns < frames
    for _ in range(40):
        zoom = zoomed_in(zoom)
    assert zoom == 1


@given(frames=st.integers(1, 5000), frame=st.integers(0, 4999), first=st.integers(0, 5000), zoom=st.integers(1, 64))
def test_a_page_holds_the_frame_and_begins_at_a_cell(frames: int, frame: int, first: int, zoom: int) -> None:
    from protocol.messages.strands import StrandInfo
    from protocol.strands import StrandMeta
    from tui.model.grid import StrandGrid

    frame = min(frame, frames - 1)
    meta = StrandMeta(name="a", model="m", codec_id="c", levels=1, codebook=2, frames=frames, samples=frames * 1024)
    grid = StrandGrid(StrandInfo(id="a", meta=meta, rev=0), np.zeros((1, frames), np.uint16))
    pane = Pane("a", columns=40, zoom=zoom, first_frame=first)
    pane.show(frame, grid.frames)
    assert pane.first_frame % zoom == 0
    assert pane.first_frame <= frame < pane.first_frame + pane.page_frames


@given(
    frames=st.integers(1, 3000), columns=st.integers(1, 120), cursor=st.integers(0, 2999), mark=st.integers(0, 3500),
    changed=st.integers(0, 2999), page=st.tuples(st.integers(0, 2999), st.integers(1, 200)),
)  # fmt: skip
def test_the_overview_shows_where_everything_is(
    frames: int, columns: int, cursor: int, mark: int, changed: int, page: tuple[int, int]
) -> None:
    cursor, changed = min(cursor, frames - 1), min(changed, frames - 1)
    first = min(page[0], frames - 1)
    cells = np.zeros((2, frames), dtype=np.bool_)
    cells[1, changed] = True
    line = overview(cells, columns, (first, min(frames, first + page[1])), cursor, {"q": mark}, None)
    width = min(columns, frames)
    assert len(line) == width
    where = [next(c for c in reversed(range(width)) if c * frames // width <= f) for f in (cursor, changed)]
    assert line[where[0]] == "+"
    assert line.count("+") == 1
    assert line[where[1]] in "*+q"
    assert line.count("q") <= (mark < frames)


@given(data=st.data(), row=ROWS, width=st.integers(1, 3))
def test_every_place_of_a_run_is_found(data: st.DataObject, row: np.ndarray, width: int) -> None:
    run = data.draw(st.lists(st.integers(-1, 3), min_size=width, max_size=width))
    codes = np.stack([np.zeros_like(row), row])
    found = places(Sought(1, np.array([run], dtype=np.int32)), codes).tolist()
    plain = [
        at for at in range(len(row) - width + 1) if all(code in (-1, int(row[at + k])) for k, code in enumerate(run))
    ]
    assert found == plain
    frame, count = data.draw(st.integers(0, 60)), data.draw(st.sampled_from([1, -1]))
    place = step(np.array(found, dtype=np.int64), frame, count)
    if not found:
        assert place is None
    else:
        later = [f for f in plain if f > frame] if count > 0 else [f for f in plain if f < frame][::-1]
        assert place is not None
        assert place[0] == (later[0] if later else plain[0] if count > 0 else plain[-1])
        assert plain[place[1]] == place[0]


def test_a_selection_is_found_where_it_comes_again() -> None:
    codes = np.random.default_rng(0).integers(0, 50, (4, 300)).astype(np.uint16)
    codes[1:3, 200:210] = codes[1:3, 20:30]
    sought = sought_in(codes, Rect(LevelRange(1, 2), FrameRange(20, 30)))
    assert places(sought, codes).tolist() == [20, 200]
    assert sought.words == "2 × 10 cells from q1 on"
    assert places(sought, codes[:2]).tolist() == [], "a strand with too few levels"


@pytest.mark.parametrize("text", ["", ".", ". .", "50", "-1", "x", "1 2 y", "999999", "²", "1 " * 300])
def test_what_is_no_run_of_codes_is_refused(text: str) -> None:
    with pytest.raises(AlleleError):
        read_sought(text, 0, 50)


def test_a_run_is_read_with_gaps() -> None:
    assert read_sought("3, . 4", 2, 50).cells.tolist() == [[3, -1, 4]]
    assert read_sought("3 . 4", 2, 50).words == "3 . 4 on q2"


# --- spectrogram and palettes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("hz", [110.0, 440.0, 1760.0, 7000.0, 14_000.0])
def test_a_tone_is_loudest_in_its_own_band(hz: float) -> None:
    hop = 1024
    pcm = 0.5 * np.sin(2 * np.pi * hz * np.arange(20 * hop) / 48_000).astype(np.float32)
    wave = Waveform(30)
    wave.fill(5, 25, pcm[None], hop)
    mels = 2595 * np.log10(1 + np.array([60.0, 16_000.0, hz]) / 700)
    band = int((mels[2] - mels[0]) / (mels[1] - mels[0]) * BANDS)
    assert (wave.bands[:, :5] == -1).all()
    assert abs(int(wave.bands[:, 10].argmax()) - band) <= 1
    assert wave.bands[:, 10].max() >= SHADES - 2
    shades = wave.shades(4, 10, 2, 8)
    assert shades.shape == (8, 10)
    assert abs((7 - int(shades[:, 4].argmax())) - band // 2) <= 1, "the highest band is on top"
    assert (wave.shades(0, 2, 2, 8) == -1).all()
    assert bands_of(np.zeros(hop), 1, hop).max() == 0


def lightness(colour: int) -> float:
    """CIE L* of a cube or grey index of the xterm palette."""
    steps = (0, 95, 135, 175, 215, 255)
    n = colour - 16
    rgb = np.array(
        [8 + 10 * (colour - 232)] * 3 if colour >= 232 else [steps[n // 36], steps[n // 6 % 6], steps[n % 6]]
    )
    linear = np.where(rgb <= 10.3, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    y = float(linear @ np.array([0.2126, 0.7152, 0.0722]))
    return 116 * (y ** (1 / 3) if y > 0.008856 else 7.787 * y + 16 / 116) - 16


@pytest.mark.parametrize("name", PALETTES)
def test_a_palette_is_told_apart_by_lightness_alone(name: str) -> None:
    levels = [lightness(colour) for colour in PALETTES[name]]
    assert len(levels) == BINS
    assert all(after - before >= 1.5 for before, after in pairwise(levels))
    for at, level in enumerate(levels):
        ink = lightness(LIGHT if at < DARK_BINS[name] else DARK)
        assert abs(ink - level) > 35, "marks can be read on it"
