"""A take that comes again in another guise is found where it is, and no other recording is taken for it."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.dsp.resample import resample
from daemon.training.blocks import Span
from daemon.training.fingerprints import fingerprint
from daemon.training.near_duplicates import Recording, copies, is_related

DEMO = Path(__file__).parents[3] / "scripts" / "demo"
Sound = np.ndarray


def recording(name: str, sound: Sound) -> Recording:
    sound = np.ascontiguousarray(sound, np.float32)
    return Recording(name, fingerprint(sound[None]), lambda lo, hi: sound[lo:hi], sound.size)


def recorded(path: Path) -> Sound:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(resample(np.ascontiguousarray(sound.T), rate, 48_000).mean(0))


def packed(sound: Sound, file_format: str, subtype: str) -> Sound:
    file = io.BytesIO()
    soundfile.write(file, sound, 48_000, format=file_format, subtype=subtype)
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


@pytest.fixture(scope="module")
def sounds() -> dict[str, Sound]:
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 120_000)).astype(np.float32)
    time_s = np.arange(120_000) / 48_000
    tones = {f"{hz} Hz": (0.3 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32) for hz in (440, 470)}
    demo = {path.name: recorded(path) for path in sorted(DEMO.glob("*.flac"))}
    return {**{name: sound for name, sound in demo.items() if sound.size > 48_000}, "hiss": noise[0], **tones}


GUISES: dict[str, Callable[[Sound], Sound]] = {
    "quieter": lambda sound: 0.05 * sound,
    "upside down": lambda sound: -sound,
    "trimmed by 2 ms": lambda sound: sound[96:],
    "later and shorter": lambda sound: np.concatenate([np.zeros(31_000, np.float32), sound[:-4_800]]),
    "an excerpt": lambda sound: sound[sound.size // 3 :][: sound.size // 3],
    "OGG": lambda sound: packed(sound, "OGG", "VORBIS"),
    "MP3": lambda sound: packed(sound, "MP3", "MPEG_LAYER_III"),
}


@pytest.mark.parametrize("guise", GUISES)
def test_a_copy_is_found(sounds: dict[str, Sound], guise: str) -> None:
    missed = [
        name
        for name, sound in sounds.items()
        if not is_related(recording(name, sound), recording("copy", GUISES[guise](sound)))
    ]
    assert not missed


def test_different_recordings_are_different(sounds: dict[str, Sound]) -> None:
    known = [recording(name, sound) for name, sound in sounds.items()]
    alike = [(a.name, b.name) for i, a in enumerate(known) for b in known[:i] if is_related(a, b)]
    assert not alike
    silence = recording("silence", np.zeros(96_000))
    assert not is_related(silence, recording("also", np.zeros(96_000))) and not is_related(silence, known[0])


def test_a_stretch_is_found_where_it_is(sounds: dict[str, Sound]) -> None:
    """With the copy's delay, in a longer and in a shorter recording, and not where the copy leaves it out."""
    take = np.concatenate([sounds["ambi_piano.flac"], sounds["drum_roll.flac"]])
    one, span = recording("take", take), Span(150_000, 210_000)
    (later,) = copies(one, span, recording("later", np.concatenate([np.zeros(70_000), 0.3 * take])))
    assert abs(later.start - 220_000) < 500 and later.length == span.length
    (cut,) = copies(one, span, recording("cut", take[180_000:250_000]))
    assert abs(cut.start) < 500 and abs(cut.stop - 30_000) < 500
    assert not copies(one, span, recording("without", take[300_000:]))
    assert not copies(one, span, recording("other", sounds["loop_amen_full.flac"]))
