"""References that a codec must beat: Opus at the same bitrate, and a collage of the training audio itself.

Opus gets its clips at the same loudness as all models. At a few kilobits per second it drops the treble, which is the
point of the comparison. Its bitrate is measured on its packets.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from numpy.typing import NDArray

from daemon.dsp.mel import log_mel

Sound = NDArray[np.float32]
RATE = 48_000
RECOMMENDED_OPUS_KBPS = 6.0
"""The lowest bitrate its standard names (RFC 6716, section 2.1.1); ffmpeg takes 0.5 and more."""
HOP, WINDOW, BANDS = 1024, 2048, 80


class OpusError(Exception):
    """Opus cannot encode or decode a clip."""


def opus_missing() -> str:
    """What must be installed before Opus can run; "" if it can."""
    return "" if shutil.which("ffmpeg") else "opus needs the program ffmpeg with libopus: apt install ffmpeg"


def opus(sound: Sound, kbps: float) -> tuple[Sound, int]:
    """One `(L,)` clip through Opus, constant bitrate, 60 ms frames.

    Returns:
        The decode, of the source's length, and the bytes of its packets.

    Raises:
        OpusError: ffmpeg cannot encode or decode it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        source, made, back = (Path(scratch) / name for name in ("source.wav", "made.ogg", "back.wav"))
        sf.write(source, sound, RATE, subtype="FLOAT")
        options = ["-c:a", "libopus", "-b:a", f"{kbps * 1000:.0f}", "-vbr", "off", "-frame_duration", "60"]
        _ffmpeg(["-i", str(source), *options, "-application", "audio", str(made)])
        _ffmpeg(["-i", str(made), "-ar", str(RATE), "-c:a", "pcm_f32le", str(back)])
        decoded = sf.read(back, dtype="float32")[0]
        packets = packet_bytes(made.read_bytes())
    return np.resize(np.pad(decoded, (0, max(0, sound.size - decoded.size))), sound.size).astype(np.float32), packets


def packet_bytes(ogg: bytes) -> int:
    """Bytes of sound in an Ogg Opus file: its pages' segments without the two header packets (RFC 3533, RFC 7845)."""
    sizes, at, current = list[int](), 0, 0
    while at + 27 <= len(ogg):
        segments = ogg[at + 27 : at + 27 + ogg[at + 26]]
        for size in segments:
            current += size
            if size < 255:
                sizes.append(current)
                current = 0
        at += 27 + len(segments) + sum(segments)
    return sum(sizes[2:])


def _ffmpeg(arguments: list[str]) -> None:
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OpusError(f"ffmpeg: {(done.stderr.strip().splitlines() or ['it failed without a message'])[-1]}")


class NearestFrame:
    """Replace each frame by the most similar frame of the training audio, with overlap-add.

    Frames have 2048 samples every 1024 and are compared by log-mel of 80 bands. The collage only repeats training
    audio, so a codec that is not better may only have memorised it.
    """

    def __init__(self, training: list[Sound]) -> None:
        """Index the frames of `(L,)` clips at the reference loudness."""
        self._frames = np.concatenate([_frames(sound) for sound in training])
        self._described = _describe(self._frames)

    @property
    def kbps(self) -> float:
        """Bitrate of the frame numbers in kilobits per second."""
        return float(np.log2(len(self._frames))) * RATE / HOP / 1000

    def collage(self, sound: Sound) -> Sound:
        """Rebuild a clip `(L,)` from training frames."""
        wanted = _describe(_frames(sound))
        chosen = np.concatenate([torch.cdist(part, self._described).argmin(1).numpy() for part in wanted.split(512)])
        window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
        out = np.zeros(HOP * (len(chosen) + 1), np.float32)
        for place, frame in enumerate(chosen):
            out[place * HOP : place * HOP + WINDOW] += window * self._frames[frame]
        return out[HOP : HOP + sound.size]


def _frames(sound: Sound) -> NDArray[np.float32]:
    """`(frames, 2048)`, each centred on a multiple of the hop."""
    padded = np.pad(sound, (HOP, HOP + -sound.size % HOP))
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP].copy()


def _describe(frames: NDArray[np.float32]) -> torch.Tensor:
    window = torch.hann_window(WINDOW)
    spectra = [torch.fft.rfft(part * window).abs() for part in torch.from_numpy(frames).split(2048)]
    return torch.cat([log_mel(part[None], WINDOW, BANDS, RATE)[0] for part in spectra])
