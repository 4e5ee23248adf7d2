"""Real codes of a real (toy) codec, measured; and what is written of them."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from daemon.atlas import probe as probing
from daemon.atlas.descriptors import DESCRIPTORS, describe
from daemon.atlas.errors import AtlasError
from daemon.atlas.files import ATLAS_NAME, LABELS_NAME, read_atlas, read_labels, write_labels
from daemon.atlas.model import measure_model
from daemon.atlas.probe import HELD_FRAMES, PADDING, WINDOW, choose_contexts, count_contexts, measure_codes, probe
from daemon.atlas.table import SURE, Atlas


@pytest.fixture(scope="module")
def grids(toy_codec: Any) -> list[np.ndarray]:
    t = np.arange(48_000) / 48_000
    sounds = [np.sin(2 * np.pi * hz * t) * np.exp(-2 * t) for hz in (110.0, 247.0, 523.0)]
    return [toy_codec.encode(0.3 * sound.astype(np.float32)).codes for sound in sounds]


@pytest.fixture(scope="module")
def measured_run(toy_run: Path, tone_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Atlas]:
    """A copy of the toy model's folder with its atlas."""
    folder = tmp_path_factory.mktemp("measured") / "toy"
    shutil.copytree(toy_run, folder)
    atlas = measure_model(folder, tone_corpus)
    assert atlas is not None
    return folder, atlas


def test_more_codes_have_fewer_contexts_and_sure_is_what_is_said_of_it() -> None:
    """As docs/adr/0082 states them."""
    assert [count_contexts(codes) for codes in (32, 1024, 10 * 128, 1365, 1366, 10_000)] == [12, 12, 9, 9, 8, 8]
    needed = {M: next(n for n in range(M + 1) if n / M >= SURE) for M in (12, 9, 8)}
    assert needed == {12: 11, 9: 9, 8: 8}


def test_contexts_are_real_windows_taken_in_turn(toy_codec: Any, grids: list[np.ndarray]) -> None:
    contexts = choose_contexts(toy_codec, grids, 6)
    windows = [
        {grid[:, start : start + WINDOW].tobytes() for start in range(grid.shape[1] - WINDOW + 1)} for grid in grids
    ]
    found = [[context.codes.tobytes() in known for known in windows] for context in contexts]
    assert all(any(row) for row in found)
    assert np.array(found).any(0).all()  # every strand had its turn
    again = choose_contexts(toy_codec, grids, 6)
    assert all(np.array_equal(a.codes, b.codes) for a, b in zip(contexts, again, strict=True))


def test_strands_shorter_than_a_window_are_joined(toy_codec: Any, grids: list[np.ndarray]) -> None:
    contexts = choose_contexts(toy_codec, [grids[0][:, :3], grids[1][:, :2]], 4)
    assert contexts
    assert all(context.codes.shape == (2, WINDOW) for context in contexts)


def test_a_batch_measures_what_single_decodes_would(toy_codec: Any, grids: list[np.ndarray]) -> None:
    context = choose_contexts(toy_codec, grids, 1)[0]
    fast = measure_codes(toy_codec, context, 1, toy_codec.codebook_vectors(1))
    hop = toy_codec.config.hop_length
    for code in (0, 7, 15):
        grid = context.codes.copy()
        grid[1, PADDING + 1 : PADDING + 1 + HELD_FRAMES] = code
        audio = toy_codec.decode_range(grid, PADDING, WINDOW - PADDING)
        assert audio.size == (HELD_FRAMES + 2) * hop
        slow = describe(torch.from_numpy(audio)[None])[0].numpy()
        assert np.allclose(fast[code], slow, atol=2e-3)


def test_the_same_codec_and_strands_give_the_same_atlas(toy_codec: Any, grids: list[np.ndarray]) -> None:
    one, other = (probe(toy_codec, grids, contexts=4) for _ in range(2))
    assert one is not None
    assert other is not None
    assert np.array_equal(one.effects, other.effects)
    assert one.shape == (2, 16, 4, len(DESCRIPTORS))
    assert np.abs(one.mean.mean(1)).max() < 0.05
    assert one.usage.sum(1).tolist() == [one.usage_frames] * 2
    assert np.array_equal(one.usage[0], sum(np.bincount(grid[0], minlength=16) for grid in grids))


def test_giving_up_leaves_nothing(toy_codec: Any, grids: list[np.ndarray]) -> None:
    shares: list[float] = []

    def once(share: float) -> bool:
        shares.append(share)
        return False

    assert probe(toy_codec, grids, contexts=4, go_on=once) is None
    assert shares == [0.125]  # the first of two levels in the first of four contexts


def test_a_models_atlas_is_found_again(measured_run: tuple[Path, Atlas]) -> None:
    folder, atlas = measured_run
    found = read_atlas(folder, atlas.codec_id, levels=2, codebook=16)
    assert np.array_equal(found.effects, atlas.effects)
    assert np.array_equal(found.usage, atlas.usage)
    assert (found.descriptors, found.units, found.usage_frames) == (atlas.descriptors, atlas.units, atlas.usage_frames)


def test_what_is_no_atlas_of_this_model_says_so(measured_run: tuple[Path, Atlas], tmp_path: Path) -> None:
    folder, atlas = measured_run
    there = tmp_path / "toy"
    there.mkdir()

    def refusal(codec_id: str = atlas.codec_id, levels: int = 2) -> str:
        with pytest.raises(AtlasError) as caught:
            read_atlas(there, codec_id, levels=levels, codebook=16)
        assert "allele model atlas toy" in caught.value.hint
        return caught.value.message

    assert "has no atlas" in refusal()
    whole = (folder / ATLAS_NAME).read_bytes()
    for damaged in (b"", whole[:-100], whole[:40], b"\xff" * 8 + whole[8:], whole[:8] + b"[" + whole[9:]):
        (there / ATLAS_NAME).write_bytes(damaged)
        assert "cannot be read" in refusal()
    (there / ATLAS_NAME).write_bytes(whole)
    assert "another codec" in refusal(codec_id="0" * 64)
    assert "does not fit" in refusal(levels=3)


def test_measuring_can_be_given_up_and_keeps_the_atlas_before(
    measured_run: tuple[Path, Atlas], tone_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = measured_run
    before = (folder / ATLAS_NAME).read_bytes()
    monkeypatch.setattr(probing, "PROBES", 1)
    assert measure_model(folder, tone_corpus, go_on=lambda share: share < 0.3) is None
    assert (folder / ATLAS_NAME).read_bytes() == before
    assert not list(folder.glob(".part-*"))


def test_a_model_without_a_run_is_refused(raw_model: Path, tone_corpus: Path) -> None:
    with pytest.raises(AtlasError, match=r"run\.json"):
        measure_model(raw_model, tone_corpus)


def test_labels_survive_and_damage_is_not_overwritten(tmp_path: Path) -> None:
    assert read_labels(tmp_path) == {}
    write_labels(tmp_path, {"0:3": "thud", "1:2": "hiss"})
    assert read_labels(tmp_path) == {"0:3": "thud", "1:2": "hiss"}
    (tmp_path / LABELS_NAME).write_text("[1,")
    with pytest.raises(AtlasError, match=r"labels\.json"):
        read_labels(tmp_path)
