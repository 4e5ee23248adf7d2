"""Rates are converted the same whole, in blocks and tap by tap."""

import builtins
import importlib
import math
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.dsp import resample as module
from daemon.dsp.resample import resample, resample_blocks, resample_direct
from daemon.errors import AudioBackendError


def noise(channels: int, length: int) -> np.ndarray:
    return np.random.default_rng(length).standard_normal((channels, length)).astype(np.float32) * 0.1


def cut(audio: np.ndarray, sizes: list[int]) -> Iterator[np.ndarray]:
    start = 0
    for size in [*sizes, audio.shape[1]]:
        yield audio[:, start : start + size]
        start += size


@pytest.mark.parametrize("from_hz", [44_100, 96_000, 22_050, 8_000])
def test_equals_the_direct_filter(from_hz: int) -> None:
    audio = noise(1, from_hz // 2)
    assert np.abs(resample(audio, from_hz, 48_000) - resample_direct(audio, from_hz, 48_000)).max() < 2e-5


@settings(max_examples=12)
@given(
    from_hz=st.sampled_from([44_100, 32_000, 96_000, 22_050, 44_101]),
    length=st.integers(1, 90_000),
    sizes=st.lists(st.integers(1, 40_000), max_size=4),
)
def test_blocks_join_to_the_whole(from_hz: int, length: int, sizes: list[int]) -> None:
    audio = noise(2, length)
    joined = np.concatenate(list(resample_blocks(cut(audio, sizes), from_hz, 48_000)), axis=1)
    assert joined.shape == (2, math.ceil(length * 48_000 / from_hz))
    assert np.abs(joined - resample(audio, from_hz, 48_000)).max() < 1e-5


def test_keeps_what_can_be_heard_and_makes_no_images() -> None:
    t = np.arange(44_100) / 44_100
    audio = np.sin(2 * np.pi * 18_000 * t)[None].astype(np.float32)
    spectrum = np.abs(np.fft.rfft(resample(audio, 44_100, 48_000)[0] * np.hanning(48_000)))
    level_db = 20 * np.log10(spectrum / spectrum.max() + 1e-12)
    assert abs(int(spectrum.argmax()) - 18_000) <= 1
    assert level_db[18_100:].max() < -80
    assert abs(20 * np.log10(spectrum.max() / 12_000)) < 0.1


def test_names_the_fix_when_torchaudio_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def broken(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("torchaudio"):
            raise OSError("libc10_cuda.so: cannot open shared object file")
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.startswith("torchaudio")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", broken)
    try:
        damaged = importlib.reload(module)
        with pytest.raises(AudioBackendError, match="scripts/setup"):
            damaged.resample(noise(1, 100), 44_100, 48_000)
    finally:
        monkeypatch.undo()
        importlib.reload(module)
