"""Two channels through the callback: each sounds as it would alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.frames import Header, Kind, pack, unpack
from protocol.messages.playback import Chunk
from tui.player.intake import Intake
from tui.player.ring import Ring
from tui.player.voice import Voice

LENGTHS = st.one_of(st.integers(1, 3000), st.sampled_from([480, 960]))
DEEDS = st.lists(st.one_of(LENGTHS, st.sampled_from(["flush", "end", "mute", "play", "play"])), min_size=1, max_size=30)


@given(deeds=DEEDS, prebuffer=st.sampled_from([0, 960]), seed=st.integers(0, 1000))
@settings(max_examples=150)
def test_a_pair_is_two_voices_in_step(deeds: list[int | str], prebuffer: int, seed: int) -> None:
    """Starts, ends, flushes, mutes and running dry: the pair's channels equal two mono voices told the same."""
    random = np.random.default_rng(seed)
    pair = Voice(Ring(20_000, 2), prebuffer)
    alone = [Voice(Ring(20_000), prebuffer) for _ in range(2)]
    for deed in deeds:
        if isinstance(deed, int):
            pcm = random.uniform(-1, 1, (deed, 2)).astype(np.float32)
            pair.push(pcm)
            for channel, voice in enumerate(alone):
                voice.push(pcm[:, channel])
        elif deed == "play":
            out = np.full((480, 2), 7.0, np.float32)
            blocks = [np.full(480, 7.0, np.float32) for _ in alone]
            states = {pair.fill(out), *(voice.fill(block) for voice, block in zip(alone, blocks, strict=True))}
            assert len(states) == 1
            np.testing.assert_array_equal(out, np.stack(blocks, axis=1))
        else:
            for voice in (pair, *alone):
                getattr(voice, deed)()
    assert pair.underruns == alone[0].underruns and pair.position == alone[0].position
    assert pair.take_peak() == max(voice.take_peak() for voice in alone)


@pytest.mark.parametrize(("channels", "rows"), [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)])
def test_chunks_take_the_channels_of_the_device(channels: int, rows: int) -> None:
    ring = Ring(2000, channels)
    intake = Intake(Voice(ring, 0))
    pcm = np.arange(rows * 960, dtype=np.float32).reshape(rows, 960) / 4096
    frames = pack(Kind.CHUNK, Header(op="Chunk"), Chunk(playback=1, index=0, sample=0), (pcm,), sample_rate_hz=48_000)
    intake.take(unpack([bytes(frame) for frame in frames]))
    out = np.zeros(960 if channels == 1 else (960, 2), np.float32)
    assert ring.copy_to(out) == 960
    wanted = pcm.T if rows == channels == 2 else np.repeat(pcm.mean(axis=0)[:, None], 2, axis=1)
    np.testing.assert_allclose(out, wanted if channels == 2 else pcm.mean(axis=0), atol=1e-7)
