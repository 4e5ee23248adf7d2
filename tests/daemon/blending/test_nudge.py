"""Nudges of decoded sound: the size of a step, what is held, which cells may change, and where a model ends."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from daemon.atlas.descriptors import DESCRIPTORS, STEPS, UNITS, describe
from daemon.atlas.table import MARKED, Atlas
from daemon.blending.computations import compute
from daemon.blending.excerpt import Excerpt
from daemon.blending.nudge import nudge
from daemon.codec.codec import Codec
from daemon.runs.spec import TrainingSpec
from daemon.training.codec_run import train

FIRST, PAST = 4, 30
LOUDNESS, BRIGHTNESS = DESCRIPTORS.index("loudness"), DESCRIPTORS.index("brightness")
Q, K, M = 6, 32, 10


def atlas_of(effects: np.ndarray) -> Atlas:
    return Atlas(
        codec_id="x", descriptors=DESCRIPTORS, units=UNITS, effects=effects.astype(np.float16),
        usage=np.ones((Q, K), np.uint32), usage_frames=K,
    )  # fmt: skip


@pytest.fixture(scope="module")
def codec(tone_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Codec:
    """A small codec with enough levels to hold some qualities while another changes."""
    run = tmp_path_factory.mktemp("models") / "six"
    train(TrainingSpec(steps=60, preset="toy", levels=Q, codebook=K, seed=2), tone_corpus, run)
    return Codec.load(run)


@pytest.fixture(scope="module")
def unknowing() -> Atlas:
    """An atlas of noise, which therefore forbids nothing."""
    atlas = atlas_of(np.random.default_rng(4).normal(0, 1, (Q, K, M, len(DESCRIPTORS))))
    assert not atlas.known.any()
    return atlas


@pytest.fixture(scope="module")
def grid(codec: Any) -> np.ndarray:
    random = np.random.default_rng(3)
    t = np.arange(40 * 1024) / 48_000
    wave = sum(np.sin(2 * np.pi * 220 * k * t + k) / k for k in (1, 2, 3)) * (1 + 0.5 * np.sin(9 * t))
    return codec.encode((0.2 * wave + 0.01 * random.standard_normal(t.size)).astype(np.float32)).codes


def nudged(codec: Any, atlas: Atlas, grid: np.ndarray, word: str, sign: int, **given: Any) -> np.ndarray:
    place = {"first": FIRST, "past": PAST, "levels": "1 2 3 4 5", "by": 1.0} | given
    before = grid.copy()
    made = nudge(codec, atlas, grid, descriptor=word, sign=sign, **place)
    assert np.array_equal(grid, before), "the codes it is given stay"
    assert made.dtype == np.uint16 and made.shape == (Q, place["past"] - place["first"])
    after = grid.copy()
    after[:, place["first"] : place["past"]] = made
    return after


def steps_between(codec: Any, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Change of every descriptor of the selection, in steps, measured on whole decodes."""
    hop = codec.config.hop_length
    heard = np.stack([codec.decode(codes)[FIRST * hop : PAST * hop] for codes in (one, other)])
    was, now = describe(torch.from_numpy(heard)).numpy() / np.array(STEPS)
    return now - was


@pytest.mark.parametrize(("word", "sign"), [("loudness", 1), ("loudness", -1), ("brightness", 1), ("brightness", -1)])
def test_a_step_is_a_clear_change_of_the_decode_and_the_level_is_held(
    codec: Any, unknowing: Atlas, grid: np.ndarray, word: str, sign: int
) -> None:
    after = nudged(codec, unknowing, grid, word, sign)
    change = steps_between(codec, grid, after)
    assert 0.45 <= sign * change[DESCRIPTORS.index(word)] <= 1.55, change
    assert word == "loudness" or abs(change[LOUDNESS]) * STEPS[LOUDNESS] <= 1.1, "1 dB"
    assert np.array_equal(after, nudged(codec, unknowing, grid, word, sign)), "the same again"


def test_a_part_of_a_step_is_smaller_and_several_are_larger(codec: Codec, unknowing: Atlas, grid: np.ndarray) -> None:
    sizes = []
    for by in (0.3, 1.0, 3.0):
        after = nudged(codec, unknowing, grid, "brightness", -1, by=by)
        sizes.append(-steps_between(codec, grid, after)[BRIGHTNESS] / by)
    assert min(sizes) > 0.45 and max(sizes) < 1.55, sizes


def test_only_the_named_levels_and_frames_change(codec: Codec, unknowing: Atlas, grid: np.ndarray) -> None:
    after = nudged(codec, unknowing, grid, "loudness", -1, levels="1 3")
    rows, columns = (set(places.tolist()) for places in np.nonzero(after != grid))
    assert rows and rows <= {1, 3} and columns <= set(range(FIRST, PAST))
    assert np.array_equal(nudged(codec, unknowing, grid, "loudness", -1, levels=""), grid)


def test_where_the_model_ends_the_cells_stay(codec: Codec, unknowing: Atlas, grid: np.ndarray) -> None:
    end = grid
    for _ in range(12):
        before, end = end, nudged(codec, unknowing, end, "brightness", 1, by=2.0)
        if np.array_equal(before, end):
            break
    assert np.array_equal(before, end)


def test_a_selection_that_is_as_good_as_silent_stays(
    codec: Codec, unknowing: Atlas, grid: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.blending.nudge.SILENT", 1.0)
    assert np.array_equal(nudged(codec, unknowing, grid, "loudness", -1), grid)


def test_what_the_atlas_knows_to_go_the_other_way_is_never_taken(codec: Codec, grid: np.ndarray) -> None:
    effects = np.random.default_rng(4).normal(0, 0.01, (Q, K, M, len(DESCRIPTORS)))
    effects[..., LOUDNESS] += np.arange(K)[None, :, None]  # codes are as loud as their number
    after = nudged(codec, atlas_of(effects), grid, "loudness", -1)
    changed = after != grid
    louder_by = after[changed].astype(int) - grid[changed]
    assert changed.any()
    assert louder_by.max() <= MARKED * np.arange(K).std() + 1


@pytest.mark.parametrize("frames", [1, 2, 3, 9])
def test_few_frames_at_the_edges_of_a_short_strand_are_measured_too(
    codec: Codec, unknowing: Atlas, grid: np.ndarray, frames: int
) -> None:
    short = grid[:, :frames]
    made = nudged(codec, unknowing, short, "loudness", 1, first=frames - 1, past=frames, levels="0 1 2 3 4 5")
    assert np.array_equal(made[:, : frames - 1], short[:, : frames - 1])


def test_parts_are_of_about_a_second_and_gradients_are_those_of_the_decode(codec: Codec, grid: np.ndarray) -> None:
    long = np.tile(grid, (1, 4))
    excerpt = Excerpt(codec, long, 10, 150)
    assert (excerpt.parts, excerpt.count) == (3, 140)
    sensed, heard = excerpt.sense(excerpt.codes), excerpt.listen(excerpt.codes)
    assert np.allclose(sensed.values, heard.values, atol=1e-3)
    assert sensed.gradients.shape == (len(DESCRIPTORS), 140, codec.config.latent)
    moved = excerpt.codes.copy()
    frame = excerpt.frames.start + 20
    near = np.square(codec.codebook_vectors(5) - codec.codebook_vectors(5)[moved[5, frame]]).sum(1).argsort()[1]
    step = codec.codebook_vectors(5)[near] - codec.codebook_vectors(5)[moved[5, frame]]
    moved[5, frame] = near
    real = excerpt.listen(moved).values - heard.values
    estimate = float(sensed.gradients[LOUDNESS, 20] @ step)
    assert real[0, LOUDNESS] == pytest.approx(estimate, abs=0.5 * abs(estimate) + 0.01)
    assert abs(real[2]).max() < 1e-3, "another part does not hear it"


def test_a_comparison_counts_in_steps_and_in_units(codec: Codec, unknowing: Atlas, grid: np.ndarray) -> None:
    after = nudged(codec, unknowing, grid, "loudness", 1)
    settings = {"first": FIRST, "past": PAST}
    change = compute(codec, "compare", settings, [grid, after])
    assert change.shape == (2, len(DESCRIPTORS))
    assert change[0, LOUDNESS] == pytest.approx(steps_between(codec, grid, after)[LOUDNESS], abs=0.1)
    assert np.allclose(change[1], change[0] * np.array(STEPS))
    assert np.array_equal(compute(codec, "compare", settings, [grid, grid]), np.zeros_like(change))


def test_a_computation_is_given_the_atlas_it_takes(codec: Codec, unknowing: Atlas, grid: np.ndarray) -> None:
    compute(codec, "mutate", {"top": 0, "strength": 0.5, "seed": 1}, [grid])
    settings = {
        "first": FIRST, "past": PAST, "levels": "1 2", "descriptor": "loudness", "sign": 1, "by": 1.0,
    }  # fmt: skip
    made = compute(codec, "nudge", settings, [grid], unknowing)
    assert np.array_equal(made, nudged(codec, unknowing, grid, "loudness", 1, levels="1 2")[:, FIRST:PAST])
