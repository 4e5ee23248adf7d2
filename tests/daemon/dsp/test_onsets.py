"""Onsets of recordings that were marked by eye, of synthesised clicks, and of sounds that have none."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.dsp.onsets import find_onsets

HERE = Path(__file__).parent
DEMO = HERE.parents[2] / "scripts" / "demo"
MARKS: dict[str, list[float]] = json.loads((HERE / "onsets_of_loops.json").read_text(encoding="utf-8"))
NEAR_S = 0.030


def hits(found: list[float], marked: list[float]) -> int:
    """Count the marks that have an onset of their own within 30 ms."""
    free, count = list(found), 0
    for mark in marked:
        near = [moment for moment in free if abs(moment - mark) <= NEAR_S]
        if near:
            free.remove(min(near, key=lambda moment: abs(moment - mark)))
            count += 1
    return count


@pytest.mark.parametrize("name", ["loop_amen_full", "loop_tabla"])
def test_onsets_marked_by_eye_are_found(name: str) -> None:
    audio, sample_rate = soundfile.read(DEMO / f"{name}.flac", dtype="float32", always_2d=True)
    found = find_onsets(audio.mean(1), sample_rate).tolist()
    correct = hits(found, MARKS[name])
    assert correct >= 0.9 * len(MARKS[name])
    assert correct >= 0.9 * len(found)


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_onsets_are_at_the_rise_of_the_waveform_to_a_few_milliseconds(sample_rate: int) -> None:
    """Struck tones at known moments, the last one late enough that a wrong length of a frame would add up."""
    moments = [0.5, 0.75, 1.9, 7.333, 11.0]
    random = np.random.default_rng(1)
    audio = 1e-4 * random.standard_normal(12 * sample_rate)
    for moment in moments:
        first, length = round(moment * sample_rate), sample_rate // 2
        tones = sum(np.sin(2 * np.pi * hz * np.arange(length) / sample_rate) for hz in (180, 777, 2431, 5200))
        audio[first : first + length] += tones * np.exp(-np.arange(length) / 2000) * 0.2
    found = find_onsets(audio.astype(np.float32), sample_rate)
    found = found[found > NEAR_S]  # the noise itself begins at 0
    assert found == pytest.approx(moments, abs=0.004)


def test_gain_does_not_matter() -> None:
    audio, sample_rate = soundfile.read(DEMO / "loop_tabla.flac", dtype="float32", always_2d=True)
    mono = audio.mean(1)
    assert find_onsets(mono, sample_rate) == pytest.approx(find_onsets(mono * np.float32(0.01), sample_rate), abs=1e-3)


@pytest.mark.parametrize("samples", [0, 1, 100, 48_000])
def test_silence_has_no_onsets(samples: int) -> None:
    assert find_onsets(np.zeros(samples, np.float32), 48_000).size == 0


def test_a_steady_tone_begins_once() -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
    assert find_onsets(tone.astype(np.float32), 48_000) == pytest.approx([0.0], abs=0.005)
