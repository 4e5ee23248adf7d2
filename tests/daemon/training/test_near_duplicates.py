"""A recording that is learned from in another guise is found among those that are held out, and no other is."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.codec.config import CodecConfig
from daemon.codec.loudness import clip_gain_db
from daemon.dsp.resample import resample
from daemon.training.crops import Clip
from daemon.training.near_duplicates import near_duplicates, words_of

DEMO = Path(__file__).parents[3] / "scripts" / "demo"
Sound = np.ndarray


def clip(name: str, sound: Sound) -> Clip:
    gain_db = clip_gain_db(sound, CodecConfig())
    return Clip(audio=sound[None], start=0, stop=len(sound), gain_db=gain_db, name=name)


def recorded(path: Path) -> Sound:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(resample(np.ascontiguousarray(sound.T), rate, 48_000).mean(0))


def as_ogg(sound: Sound) -> Sound:
    packed = io.BytesIO()
    soundfile.write(packed, sound, 48_000, format="OGG", subtype="VORBIS")
    packed.seek(0)
    return soundfile.read(packed, dtype="float32")[0]


@pytest.fixture(scope="module")
def demo() -> list[Clip]:
    return [clip(path.name, recorded(path)) for path in sorted(DEMO.glob("*.flac"))]


GUISES: dict[str, Callable[[Sound], Sound]] = {
    "the same": lambda sound: sound,
    "quieter": lambda sound: 0.2 * sound,
    "trimmed by 2 ms": lambda sound: sound[96:],
    "later and shorter": lambda sound: np.concatenate([np.zeros(1_500, np.float32), sound[:-4_800]]),
    "OGG": as_ogg,
}


@pytest.mark.parametrize("guise", GUISES)
def test_a_copy_is_found(demo: list[Clip], guise: str) -> None:
    changed = GUISES[guise]
    tried = [one for one in demo if one.samples > 48_000]
    held = [clip(f"copy of {one.name}", np.asarray(changed(one.mono()), np.float32)) for one in tried]
    found = dict(near_duplicates(held, demo))
    assert {f"copy of {one.name}": one.name for one in tried} == found


def test_different_recordings_are_different(demo: list[Clip]) -> None:
    for index, one in enumerate(demo):
        assert near_duplicates([one], demo[:index] + demo[index + 1 :]) == [], one.name
    noise = np.random.default_rng(0).standard_normal((2, 96_000)).astype(np.float32)
    tones = [np.sin(np.arange(96_000) * hz / 7640).astype(np.float32) for hz in (440, 470)]
    assert near_duplicates([clip("a", tones[0])], [clip("b", tones[1])]) == []
    assert near_duplicates([clip("silence", 0 * noise[0])], [clip("also", 0 * noise[1])]) == []


def test_it_is_said_in_a_line() -> None:
    pairs = [(f"/a/{n}.wav", f"/b/{n}.mp3") for n in range(5)]
    assert words_of([]) == ""
    assert words_of(pairs[:1]).startswith("held out, but learned from in another guise: 0.wav is nearly 0.mp3: ")
    assert "2.wav is nearly 2.mp3; and 2 more: " in words_of(pairs)
