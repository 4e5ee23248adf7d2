"""What the neural engine hears before it begins: places of seeds, short recordings, and periods."""

import numpy as np
import pytest

from daemon.codec.codec import Codec
from daemon.generation.beginnings import HEARD_FRAMES, SHORT_FRAMES, Beginnings, period_of
from daemon.generation.collage import Walk
from daemon.generation.material import Material, Take
from daemon.prior import conditions
from daemon.prior.conditions import CONDITIONS, describe_frames


def _material(codec: Codec, lengths: list[int]) -> Material:
    """Takes of the given lengths, each of one code of its own."""
    takes, first = list[Take](), 0
    for index, frames in enumerate(lengths):
        takes.append(
            Take(
                name=str(index), sha256=str(index), start=0, samples=frames * 1024, first=first, frames=frames,
                gain_db=0.0, lufs=-20.0,
            )
        )  # fmt: skip
        first += frames
    codes = np.repeat(np.arange(len(lengths), dtype=np.uint16) % codec.config.codebook_size, lengths)
    codes = np.tile(codes, (codec.config.levels, 1))
    return Material(codec, takes, codes, np.zeros((first, len(CONDITIONS)), np.float32))


def test_consecutive_seeds_begin_in_all_recordings(toy_codec: Codec) -> None:
    beginnings = Beginnings(_material(toy_codec, [300, 300, 300, 300]))
    heard = [beginnings.drawn(seed) for seed in range(7, 15)]
    assert {int(one.codes[0, -1]) for one in heard} == {0, 1, 2, 3}
    assert all(one.codes.shape[1] == HEARD_FRAMES and len(np.unique(one.codes[0])) == 1 for one in heard)


def test_a_short_recording_is_led_by_other_short_ones(toy_codec: Codec) -> None:
    beginnings = Beginnings(_material(toy_codec, [SHORT_FRAMES - 1] * 6))
    begun = beginnings.drawn(3)
    assert 2 * SHORT_FRAMES < begun.codes.shape[1] <= HEARD_FRAMES and len(np.unique(begun.codes[0])) > 1
    assert np.array_equal(begun.codes, beginnings.drawn(3).codes)


def test_a_beginning_is_near_what_is_wanted(toy_codec: Codec) -> None:
    material = _material(toy_codec, [300, 300, 300])
    far = np.where(material.take_of == 1, 0.0, 1.0).astype(np.float32)
    assert {int(Beginnings(material).drawn(seed, far).codes[0, -1]) for seed in range(5)} == {1}


def test_recordings_of_hits_are_known(toy_codec: Codec) -> None:
    assert _material(toy_codec, [4] * 20 + [60]).is_hits and not _material(toy_codec, [4] * 20 + [100]).is_hits


@pytest.mark.parametrize("period", [30, 94])
def test_a_repetition_has_its_period(period: int) -> None:
    random = np.random.default_rng(1)
    latents = np.tile(random.normal(size=(period, 8)), (4, 1)) + 0.3 * random.normal(size=(4 * period, 8))
    assert period_of(latents.astype(np.float32)) == period


def test_noise_drift_and_short_sounds_have_no_period() -> None:
    random = np.random.default_rng(2)
    assert period_of(random.normal(size=(300, 8)).astype(np.float32)) == 0
    assert period_of(np.cumsum(random.normal(size=(300, 8)), 0).astype(np.float32)) == 0
    assert period_of(random.normal(size=(30, 8)).astype(np.float32)) == 0
    assert period_of(np.zeros((200, 8), np.float32)) == 0


def test_frames_are_found_in_the_recordings(toy_codec: Codec) -> None:
    material = _material(toy_codec, [5, 5])
    codes = np.stack([material.codes[:, 1], material.codes[:, 7], material.codes[:, 7]], 1)
    codes = np.concatenate([codes, np.full((toy_codec.config.levels, 1), 3, np.uint16)], 1)
    places = material.places_of(codes)
    assert np.array_equal(material.codes[:, places[:3]], codes[:, :3]) and places[3] == -1
    takes, samples = material.sources_of(places)
    assert takes.tolist() == [0, 1, 1, -1] and samples[3] == 0
    assert places[2] == places[1] + 1  # equal frames are taken in their order


def test_onsets_of_a_long_sound_are_found_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.zeros(6 * 48_000, np.float32)
    sound[24_000::48_000] = 0.5  # a click in the middle of every second
    whole = describe_frames(sound, 1024)
    monkeypatch.setattr(conditions, "_PIECE", 2 * 48_000)
    pieces = describe_frames(sound, 1024)
    assert pieces[:, -1].mean() == pytest.approx(whole[:, -1].mean(), rel=0.1)
    assert np.array_equal(pieces[:, :-1], whole[:, :-1])


def test_a_collage_leaves_tails(toy_codec: Codec) -> None:
    material = _material(toy_codec, [100] * 8)
    is_tail = np.arange(material.frames) % 100 >= 50  # the second half of every recording has died away
    material.described[:, CONDITIONS.index("loudness")] = np.where(is_tail, -60.0, -20.0)
    walked = [Walk(material).indices(400, np.random.default_rng(seed), run=1e9) for seed in range(4)]
    assert np.mean([is_tail[indices].mean() for indices in walked]) < 0.3
