"""A model's material: its training recordings as codes, with what every engine needs to know of them.

It is made when a training ends and stored in `material/` of the model's folder: `material.json`, and with all
recordings one after another `codes.npy` (Q, N) and `described.npy` (N, C). Nothing is pickled. It is the codec's own
view of the recordings, so an engine that quotes it sounds like the model and not like a sampler.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip, Part
from daemon.dsp.audio import Audio
from daemon.dsp.loudness import SILENCE_LUFS, integrated_lufs
from daemon.generation.errors import GenerationError
from daemon.prior.conditions import CONDITIONS, describe_frames, ranks
from protocol.atomic import replacing, write_bytes

FOLDER = "material"
VERSION = 1
MOST_FRAMES = 200_000
"""Frames of material, 71 minutes. Of a longer corpus, recordings are drawn by chance until it is full."""
HIT_S = 0.25
"""Length below which a recording is a single hit."""
_INDEX, _CODES, _DESCRIBED = "material.json", "codes.npy", "described.npy"

Codes = NDArray[np.uint16]


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a corpus recording in the material."""

    name: str
    """The recording's path, as the corpus knows it."""
    sha256: str
    start: int
    """First sample in the recording, at 48 kHz."""
    samples: int
    first: int
    """First frame in the material's codes."""
    frames: int
    gain_db: float
    """Gain that restores the recording's level after decoding."""
    lufs: float
    """Integrated loudness of the recording, as recorded."""

    @property
    def stop(self) -> int:
        """Frame past the last one in the material's codes."""
        return self.first + self.frames


class _Index(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    codec_id: str
    takes: list[Take]


class Material:
    """The recordings of a model as codes."""

    def __init__(self, codec: Codec, takes: Sequence[Take], codes: Codes, described: NDArray[np.float32]) -> None:
        """`codes` (Q, N): all takes one after another; `described` (N, C): how the sound around each frame is."""
        self.codec, self.takes, self.codes, self.described = codec, list(takes), codes, described

    @property
    def frames(self) -> int:
        """Number of frames of all takes."""
        return self.codes.shape[1]

    @property
    def seconds(self) -> float:
        """Duration of all takes."""
        return self.frames / self.codec.frame_rate

    @property
    def is_hits(self) -> bool:
        """Whether most of the sound is in recordings of single hits, which are over before a walk or a prior begins."""
        short = sum(take.frames for take in self.takes if take.frames < HIT_S * self.codec.frame_rate)
        return 2 * short > self.frames

    def codes_of(self, take: Take) -> Codes:
        """Codes of a take, `(Q, T)`."""
        return self.codes[:, take.first : take.stop]

    @functools.cached_property
    def latents(self) -> NDArray[np.float32]:
        """Latents of all frames, the sum of all levels: `(N, D)`."""
        return self.codec.dequantize(self.codes)

    @functools.cached_property
    def lufs(self) -> float:
        """Loudness that new sound should have: the median of the recordings', each counted by its length."""
        heard = sorted((take.lufs, take.samples) for take in self.takes if take.lufs > SILENCE_LUFS)
        if not heard:
            return SILENCE_LUFS
        until = np.cumsum([samples for _, samples in heard])
        return heard[int(np.searchsorted(until, until[-1] / 2))][0]

    @functools.cached_property
    def ranks(self) -> NDArray[np.float32]:
        """Ranks from 0 to 1 of the sound around each frame among all frames, in the order of CONDITIONS: `(N, C)`."""
        return ranks(self.described, np.sort(self.described, 0))

    @functools.cached_property
    def take_of(self) -> NDArray[np.int64]:
        """Index of the take of every frame, `(N,)`."""
        return np.repeat(np.arange(len(self.takes)), [take.frames for take in self.takes])

    @functools.cached_property
    def _frame_of(self) -> dict[bytes, int]:
        """The first frame that has each column of codes."""
        columns = np.ascontiguousarray(self.codes.T)
        return {columns[frame].tobytes(): frame for frame in range(self.frames - 1, -1, -1)}

    def places_of(self, codes: Codes) -> NDArray[np.int64]:
        """The material's frame that equals each frame of `(Q, T)` codes in all levels, or -1: `(T,)`.

        Of several, the one that follows the frame before is taken.
        """
        columns, places = np.ascontiguousarray(codes.T, self.codes.dtype), np.full(codes.shape[1], -1, np.int64)
        last = self.frames
        for frame, column in enumerate(columns):
            onward = last + 1 if last + 1 < self.frames else 0
            is_onward = last >= 0 and np.array_equal(self.codes[:, onward], column)
            places[frame] = last = onward if is_onward else self._frame_of.get(column.tobytes(), -1)
        return places

    def sources_of(self, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Take and first sample in its recording of frames of the material; -1 and 0 where a place is -1."""
        hop, of = self.codec.config.hop_length, self.take_of[places]
        firsts = np.array([take.start - take.first * hop for take in self.takes])[of]
        is_known = places >= 0
        return np.where(is_known, of, -1), np.where(is_known, firsts + places * hop, 0)

    def sound(self, take: Take) -> Audio:
        """A take as the codec decodes it, at the recording's level: `(L,)`, or `(2, L)` in stereo."""
        return self.codec.decode(self.codes_of(take), samples=take.samples, gain_db=take.gain_db)

    def save(self, model_dir: Path) -> None:
        """Write the material into a model's folder, the index last."""
        folder = model_dir / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / _CODES) as file:
            np.save(file, self.codes, allow_pickle=False)
        with replacing(folder / _DESCRIBED) as file:
            np.save(file, self.described, allow_pickle=False)
        index = msgspec.json.encode(_Index(codec_id=self.codec.codec_id, takes=self.takes))
        write_bytes(folder / _INDEX, msgspec.json.format(index, indent=1))

    @classmethod
    def load(cls, model_dir: Path, codec: Codec) -> Self:
        """Read a model's material.

        Raises:
            GenerationError: it is missing, damaged, or of another codec or version.
        """
        folder = model_dir / FOLDER
        again = f"Gather it: allele model atlas {quote(model_dir.name)}"
        try:
            index = msgspec.json.decode((folder / _INDEX).read_bytes(), type=_Index)
            codes = np.load(folder / _CODES, allow_pickle=False)
            described = np.load(folder / _DESCRIBED, allow_pickle=False)
        except FileNotFoundError as error:
            raise GenerationError(f"{model_dir.name} has no material to make new sound from.", again) from error
        except (OSError, ValueError, msgspec.DecodeError) as error:
            raise GenerationError(f"{folder}: the material cannot be read ({error}).", again) from error
        frames = sum(take.frames for take in index.takes)
        shape = (codec.config.levels, frames)
        is_whole = codes.shape == shape and described.shape == (frames, len(CONDITIONS)) and frames
        if index.version != VERSION or index.codec_id != codec.codec_id or not is_whole:
            raise GenerationError(f"{folder}: the material is not of this codec.", again)
        return cls(codec, index.takes, codes, described)


def gather(
    codec: Codec,
    clips: Sequence[Clip],
    parts: Sequence[Part],
    *,
    seed: int = 0,
    go_on: Callable[[float], bool] = lambda _: True,
) -> Material | None:
    """Encode the training parts of a corpus to material; None if `go_on` (called with the share done) stops it."""
    hop = codec.config.hop_length
    order = np.random.default_rng([seed, 0x3A7]).permutation(len(clips)).tolist()
    room, chosen = MOST_FRAMES, list[int]()
    for index in order:
        if clips[index].samples <= room * hop or not chosen:
            chosen.append(index)
            room -= -(-clips[index].samples // hop)
    takes: list[Take] = []
    grids: list[Codes] = []
    described: list[NDArray[np.float32]] = []
    for count, index in enumerate(sorted(chosen)):
        clip, part = clips[index], parts[index]
        sound = np.ascontiguousarray(clip.sound())
        encoded = codec.encode(sound)
        first = takes[-1].stop if takes else 0
        takes.append(
            Take(
                name=clip.name,
                sha256=part.sha256,
                start=part.start,
                samples=encoded.samples,
                first=first,
                frames=encoded.codes.shape[1],
                gain_db=encoded.gain_db,
                lufs=round(integrated_lufs(sound), 2),
            )
        )
        grids.append(encoded.codes)
        decoded = codec.decode(encoded.codes, samples=encoded.samples, gain_db=encoded.gain_db)
        described.append(describe_frames(decoded, hop))
        if not go_on((count + 1) / len(chosen)):
            return None
    return Material(codec, takes, np.concatenate(grids, 1), np.concatenate(described))
