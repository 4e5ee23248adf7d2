"""What the callback plays: whole, silent where nothing is, and without clicks at any edge."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.player.ring import Ring, Samples
from tui.player.voice import FADE_IN, FADE_OUT, Voice

BLOCK = 480


def voice_of(prebuffer: int = 0) -> Voice:
    return Voice(Ring(96_000), prebuffer)


def play(voice: Voice, samples: int, block: int = BLOCK) -> Samples:
    """What a device would have heard; blocks arrive dirty, as a real buffer does."""
    out = np.full(samples, 7.0, np.float32)
    for start in range(0, samples, block):
        voice.fill(out[start : start + block])
    return out


def tone(samples: int, hz: float = 300.0, level: float = 0.8) -> Samples:
    # a cosine: its start is its loudest place, so a missing fade shows
    return (level * np.cos(2 * np.pi * hz * np.arange(samples) / 48_000)).astype(np.float32)


def largest_step(heard: Samples) -> float:
    """The largest jump between neighbours, silence before the first included."""
    return float(np.abs(np.diff(heard, prepend=np.float32(0))).max())


OWN_STEP = float(0.8 * 2 * np.pi * 300 / 48_000)  # the steepest the tone itself gets
NO_CLICK = OWN_STEP + 0.8 / FADE_IN * 1.6


@given(block=st.integers(32, 2000), length=st.integers(1, 6000))
@settings(max_examples=25)
def test_everything_between_the_fades_is_untouched(block: int, length: int) -> None:
    """Bit for bit, whatever the device's block size; the end is exact and silence follows."""
    voice, pcm = voice_of(), tone(length)
    voice.push(pcm)
    voice.end()
    heard = play(voice, length + 3 * block, block)
    whole = slice(FADE_IN, max(FADE_IN, length - FADE_OUT))
    np.testing.assert_array_equal(heard[whole], pcm[whole])
    assert (np.abs(heard[:length]) <= np.abs(pcm) + 1e-7).all()
    assert (heard[length:] == 0).all()
    assert voice.underruns == 0
    assert voice.is_over


def test_a_start_and_an_end_do_not_click() -> None:
    """The tone begins and ends at its loudest and is still smooth."""
    voice = voice_of()
    voice.push(tone(4801))
    voice.end()
    assert largest_step(play(voice, 6000)) < NO_CLICK


def test_a_flush_crossfades_into_what_follows() -> None:
    """At most 5 ms of the old sound is heard after a flush, fading; the new one starts at once."""
    voice = voice_of()
    voice.push(np.full(20_000, 0.5, np.float32))
    before = play(voice, 2400)
    voice.flush()
    voice.push(np.full(20_000, -0.5, np.float32))
    after = play(voice, 2400)
    assert (after[FADE_OUT:] == -0.5).all()
    assert largest_step(np.concatenate([before, after])) < 2 * 0.5 / FADE_IN * 1.6


@pytest.mark.parametrize("how", ["flush", "mute"])
def test_silence_falls_within_5_ms(how: str) -> None:
    """Stop and panic fade out and leave nothing."""
    voice = voice_of()
    voice.push(tone(40_000))
    before = play(voice, 2400)
    getattr(voice, how)()
    after = play(voice, 4800)
    assert np.abs(after[: FADE_OUT // 4]).max() > 0.1  # it fades, it is not cut
    assert (after[FADE_OUT:] == 0).all()
    assert largest_step(np.concatenate([before, after])) < NO_CLICK


def test_mute_uses_up_what_is_queued_at_the_same_pace() -> None:
    """So credits go on flowing and the next playback finds the daemon where it should be."""
    ring = Ring(48_000)
    voice = Voice(ring, 0)
    voice.push(tone(10_000))
    voice.mute()
    play(voice, 4800)
    assert ring.queued == 10_000 - 4800


def test_running_dry_is_counted_and_does_not_click() -> None:
    """Zeros where nothing is, one underrun for one gap, and sound again once the prebuffer is full."""
    voice = voice_of(prebuffer=2880)
    voice.push(tone(4000))
    heard = play(voice, 7200)
    assert voice.underruns == 1
    assert (heard[4000 + FADE_OUT :] == 0).all()
    voice.push(tone(2000))
    assert (play(voice, 960) == 0).all(), "it waits for the prebuffer"
    voice.push(tone(2000))
    assert np.abs(play(voice, 960)).max() > 0.5
    assert voice.underruns == 1
    assert largest_step(heard) < NO_CLICK


def test_silence_is_no_underrun_and_is_reported_as_inactive() -> None:
    """An idle player is not a broken one; a file device leaves such blocks out."""
    voice, block = voice_of(), np.ones(BLOCK, np.float32)
    assert voice.fill(block) is False
    assert (block == 0).all()
    voice.push(tone(BLOCK))
    voice.end()
    assert voice.fill(block) is True
    voice.fill(block)
    assert voice.fill(block) is False
    assert voice.underruns == 0


def test_the_meter_gives_the_loudest_sample_once() -> None:
    """Peaks add up until they are taken."""
    voice = voice_of()
    voice.push(np.concatenate([np.full(FADE_IN, 0.1), [-0.75], np.full(3000, 0.2)]).astype(np.float32))
    play(voice, 960)
    assert voice.take_peak() == pytest.approx(0.75)
    play(voice, 960)
    assert voice.take_peak() == pytest.approx(0.2)


def test_the_callback_allocates_no_arrays() -> None:
    """Starts, flushes, ends and underruns over 100 blocks of 19 KiB: only views, never a block's worth."""
    voice, out, chunk = voice_of(), np.zeros(4800, np.float32), tone(9600)
    tracemalloc.start()
    try:
        for turn in range(100):
            voice.push(chunk[: 4000 + 40 * turn])
            if turn % 7 == 0:
                voice.flush()
            if turn % 11 == 0:
                voice.end()
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            voice.fill(out)
            _, peak = tracemalloc.get_traced_memory()
            assert peak - before < 3000, f"block {turn} allocated {peak - before} bytes"
    finally:
        tracemalloc.stop()
    assert voice.underruns > 0
