"""What is listened to while a training goes on."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip
from daemon.training.preview import ENOUGH_S, PREVIEW_S, SILENCE_S, Previews, joined, preview_pieces

RATE = 48_000


def clip_of(seconds: float, peak: float = 0.5, channels: int = 1, hz: float = 220.0) -> Clip:
    tone = peak * np.cos(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    audio = np.stack([tone] * channels).astype(np.float32)
    return Clip(audio=audio, start=0, stop=audio.shape[-1], gain_db=0.0, name="tone", channels=channels)


def seconds_of(audio: NDArray[np.float32]) -> float:
    return audio.shape[-1] / RATE


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("lengths", [[0.3] * 24, [0.9, 1.4, 0.3, 2.0], [1.0] * 3 + [50.0] * 2, [3.5, 3.5]])
def test_short_pieces_are_joined_to_a_few_seconds(lengths: list[float], channels: int) -> None:
    pieces = preview_pieces([clip_of(s, channels=channels) for s in lengths])
    audio = joined(pieces)
    assert ENOUGH_S <= seconds_of(audio) <= PREVIEW_S
    assert len(audio.shape) == channels
    first, silence = pieces[0].shape[-1], int(SILENCE_S * RATE)
    between = audio[..., first : first + silence]
    assert not between.any()
    assert (len(pieces) == 1) == (max(lengths) >= ENOUGH_S)


def test_all_there_is_when_there_is_less() -> None:
    audio = joined(preview_pieces([clip_of(0.3), clip_of(0.4)]))
    assert seconds_of(audio) == pytest.approx(0.7 + SILENCE_S, abs=1e-4)


def test_the_loudest_comes_first_and_silence_is_not_joined() -> None:
    pieces = preview_pieces([clip_of(1.0, 0.0), clip_of(1.0, 0.2), clip_of(1.0, 0.9), clip_of(1.0, 1e-5)])
    assert [round(float(np.abs(piece).max()), 1) for piece in pieces] == [0.9, 0.2]


def test_a_run_keeps_its_sound_when_it_is_resumed(toy_run: Path, tmp_path: Path) -> None:
    held_out = [clip_of(0.5, hz=200.0 + 40 * i) for i in range(9)]
    codec = Codec.load(toy_run, "cpu")
    (tmp_path / "previews").mkdir()
    first = tmp_path / Previews(tmp_path, held_out).write(codec, 10)
    source = (tmp_path / "previews" / "source.wav").read_bytes()
    second = tmp_path / Previews(tmp_path, held_out).write(codec, 20)
    assert first != second and first.read_bytes() == second.read_bytes()
    assert (tmp_path / "previews" / "source.wav").read_bytes() == source
    decoded, _ = soundfile.read(first)
    recorded, _ = soundfile.read(tmp_path / "previews" / "source.wav")
    assert len(decoded) == len(recorded) >= ENOUGH_S * RATE
    between = slice(RATE // 2, RATE // 2 + int(SILENCE_S * RATE))
    assert not recorded[between].any() and not decoded[between].any()
    assert recorded[: RATE // 2].any() and decoded[: RATE // 2].any()
