"""The momentary loudness of a stream is that of FFmpeg's ebur128, however the stream is cut."""

import av
import numpy as np
import pytest
from av.error import EOFError as Ended
from av.filter import Graph

from daemon.dsp.loudness import SILENCE_LUFS, MomentaryMeter

STEP = 4800


def by_ffmpeg(pcm: np.ndarray) -> list[float]:
    """Momentary loudness after every 100 ms of (C, L), by FFmpeg; -120.7 before 400 ms."""
    layout = "mono" if len(pcm) == 1 else "stereo"
    graph = Graph()
    source = graph.add_abuffer(sample_rate=48_000, format="flt", layout=layout, time_base="1/48000")
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.T.reshape(1, -1)), format="flt", layout=layout)
    frame.sample_rate, frame.pts = 48_000, 0
    source.push(frame)
    source.push(None)
    found: list[float] = []
    while True:
        try:
            found.append(float(sink.pull().metadata["lavfi.r128.M"]))
        except Ended:
            return found


@pytest.mark.parametrize("channels", [1, 2])
def test_it_agrees_with_ffmpeg_and_does_not_depend_on_chunks(channels: int) -> None:
    random = np.random.default_rng(channels)
    time = np.arange(3 * 48_000) / 48_000
    tone = 0.3 * np.sin(2 * np.pi * 60 * time) * (time > 1.3) + 0.1 * np.sin(2 * np.pi * 5_000 * time)
    pcm = (tone + 0.05 * random.standard_normal((channels, time.size))).astype(np.float32)
    pcm[:, 80_000:] *= 0.1
    expected = by_ffmpeg(pcm)
    meter, found, at = MomentaryMeter(), list[float](), 0
    while at < time.size:
        size = min(int(random.integers(1, 961)), STEP - at % STEP)
        meter.add(pcm[0, at : at + size] if channels == 1 else pcm[:, at : at + size])
        at += size
        if at % STEP == 0:
            found.append(meter.lufs)
    assert len(found) == len(expected) == 30
    np.testing.assert_allclose(found[3:], expected[3:], atol=0.02)
    assert max(found) - min(found[3:]) > 15, "the loudness follows the sound"


def test_silence_and_the_first_moments_are_quiet() -> None:
    meter = MomentaryMeter()
    assert meter.lufs == SILENCE_LUFS
    meter.add(np.zeros((2, 0), np.float32))
    meter.add(np.full((2, 4 * STEP), 0.0, np.float32))
    assert meter.lufs == SILENCE_LUFS
