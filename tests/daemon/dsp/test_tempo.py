"""Tempos that are offered for loops, and for what has none."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.dsp.tempo import OFFERED, tempo_candidates

DEMO = Path(__file__).parents[3] / "scripts" / "demo"
BEATS = {"loop_amen_full": 16, "loop_electric": 4, "loop_tabla": 16, "loop_weirdo": 8}


@pytest.mark.parametrize("name", sorted(BEATS))
def test_the_tempo_of_a_loop_is_offered_first(name: str) -> None:
    audio, sample_rate = soundfile.read(DEMO / f"{name}.flac", dtype="float32", always_2d=True)
    candidates = tempo_candidates(audio.mean(1), sample_rate)
    assert candidates[0] == pytest.approx(60 * BEATS[name] / (len(audio) / sample_rate))


@pytest.mark.parametrize("bpm", [75, 100, 128, 174])
def test_clicks_on_every_beat_of_two_bars(bpm: float) -> None:
    length = round(8 * 60 / bpm * 48_000)
    audio = np.zeros(length)
    for beat in range(8):
        first = round(beat * length / 8)
        click = np.exp(-np.arange(4000) / 600) * np.sin(np.arange(4000) * 0.3)
        audio[first : first + 4000] += (1.0 if beat % 4 else 1.5) * click[: length - first] * 0.4
    candidates = tempo_candidates(audio.astype(np.float32), 48_000)
    assert any(candidate == pytest.approx(bpm, rel=1e-4) for candidate in candidates[:2])


def test_every_candidate_makes_the_sound_a_whole_number_of_beats() -> None:
    audio, sample_rate = soundfile.read(DEMO / "loop_tabla.flac", dtype="float32", always_2d=True)
    candidates = tempo_candidates(audio.mean(1), sample_rate)
    beats = np.array(candidates) * len(audio) / sample_rate / 60
    assert len(candidates) == OFFERED and beats == pytest.approx(np.round(beats))


@pytest.mark.parametrize("samples", [0, 100, 10_000, 480_000])
def test_silence_has_no_tempo(samples: int) -> None:
    assert tempo_candidates(np.zeros(samples, np.float32), 48_000) == []
