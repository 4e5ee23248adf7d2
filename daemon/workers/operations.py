"""The operations of an engine worker. Each is a function from fields and arrays to fields and arrays.

Models stay in memory until they are the least recently used. A model whose file has changed is read again.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from daemon.atlas.files import ATLAS_NAME, read_atlas
from daemon.atlas.table import Atlas
from daemon.blending.computations import compute
from daemon.codec.codec import CHUNK_FRAMES, Codec
from daemon.codec.format import CONFIG_NAME
from daemon.dsp.audio import UNTOUCHED
from daemon.dsp.dither import Place
from daemon.dsp.limiter import PIECE, Limited, limit
from daemon.dsp.onsets import find_onsets
from daemon.dsp.tempo import tempo_candidates
from daemon.render.wav import write_wav
from daemon.workers.clips import read_clip
from daemon.workers.drawing import DrawingFiller, Watcher
from daemon.workers.filling import Filler, open_filler, prior_changed
from daemon.workers.likeness import unlikeness
from daemon.workers.novelty import novelty_of_codes, novelty_of_file
from daemon.workers.previews import read_matched
from protocol.arrays import Array
from protocol.errors import AlleleError

MOST_MODELS = 4
QUIETEST_DB = -150.0

Result = tuple[dict[str, Any], Sequence[Array]]

LIMITER_FRAMES = 1
"""Frames around a region on which its limiting depends: the limiter reaches 480 samples, a hop has 1024."""
LIMITER_PIECES = 2 * PIECE
"""Samples around a part of a file that make its limiting bitwise that of the whole: it works in pieces."""


class Operations:
    """The operations of one worker on one device."""

    def __init__(self, device: torch.device, watcher: Watcher | None = None) -> None:
        self._device, self._watcher = device, watcher or Watcher()
        self._codecs: OrderedDict[str, tuple[int, Codec]] = OrderedDict()
        self._measured: tuple[Path, int, Atlas] | None = None
        self._prior: tuple[Path, int, Filler] | None = None
        self._table: dict[str, Callable[..., Result]] = {
            "load": self.load,
            "decode": self.decode,
            "ranks": self.ranks,
            "compute": self.compute,
            "encode_file": self.encode_file,
            "decode_file": self.decode_file,
            "preview": self.preview,
            "clip": self.clip,
            "onsets": self.onsets,
            "novelty_of_file": self.novelty_of_file,
            "novelty_of_codes": self.novelty_of_codes,
        }

    def run(self, fields: dict[str, Any], buffers: Sequence[Array]) -> Result:
        """Run the operation that a parcel names.

        Raises:
            AlleleError, or any exception of the codec.
        """
        operation = self._table.get(str(fields.pop("op", "")))
        if operation is None:
            raise AlleleError("E_INTERNAL", "the engine does not know this operation")
        return operation(*buffers, **fields)

    def load(self, *, model: str, codec_id: str) -> Result:
        """Load a model, and return how many frames of context a region needs: the codec's, and the limiter's one."""
        return {"margin": max(self._codec(model, codec_id).receptive_field_frames) + LIMITER_FRAMES}, ()

    def decode(
        self, codes: Array, gains_db: Array, *, model: str, codec_id: str, lo: int, hi: int, levels: list[int] | None
    ) -> Result:
        """Decode frames [lo, hi) to PCM, limited as the whole sound is when it is written to a file.

        The second buffer is how much the limiter reduced each frame, as in `Decoded`.
        """
        codec = self._codec(model, codec_id)
        first, past = max(0, lo - LIMITER_FRAMES), min(codes.shape[1], hi + LIMITER_FRAMES)
        limited = limit(codec.decode_range(codes, first, past, levels=levels, gain_db=gains_db))
        hop = codec.config.hop_length
        heard = slice((lo - first) * hop, (hi - first) * hop)
        return {}, (limited.audio[..., heard], _reduced_db(limited, heard, hop))

    def ranks(self, *, model: str, codec_id: str) -> Result:
        """Return the rank of each code in its level."""
        return {}, (self._codec(model, codec_id).codebook_ranks(),)

    def compute(
        self,
        *inputs: Array,
        model: str,
        codec_id: str,
        kind: str,
        settings: dict[str, Any],
        needs_atlas: bool,
        needs_prior: bool = False,
    ) -> Result:
        """Compute new cells for an edit, or the frames from which to take them."""
        codec = self._codec(model, codec_id)
        given = (self._atlas(Path(model), codec),) if needs_atlas else ()
        if needs_prior:
            given = (DrawingFiller(self._filler(Path(model), codec), self._watcher),)
        return {}, (compute(codec, kind, settings, inputs, *given),)

    def encode_file(self, *, model: str, path: str) -> Result:
        """Encode an audio file to codes."""
        codec = self._codec(model)
        clip = read_clip(Path(path), codec.config.channels)
        encoded = codec.encode(clip.audio)
        source = {"path": path, "sha256": clip.sha256, "sample_rate": clip.sample_rate, "channels": clip.channels}
        fields = {
            "samples": encoded.samples,
            "gain_db": encoded.gain_db,
            "source": source,
            "notes": [*clip.notes, *unlikeness(Path(model), codec, clip.audio, encoded)],
            "codec": {"codec_id": codec.codec_id, **msgspec.to_builtins(codec.config)},
        }
        return fields, (encoded.codes,)

    def decode_file(
        self,
        codes: Array,
        gains_db: Array,
        *,
        model: str,
        codec_id: str,
        out: str,
        samples: int,
        levels: list[int] | None,
        part: Sequence[int] | None = None,
        replace: bool = True,
    ) -> Result:
        """Decode a grid to a 48 kHz 24-bit WAV file, or only its samples [part[0], part[1]), bitwise as in the whole.

        Only the part and what it depends on are decoded: the codec's and the limiter's surroundings.
        """
        codec = self._codec(model, codec_id)
        first, past = (0, samples) if part is None else part
        begins, decoded = _decoded_around(codec, codes, (first, past), levels, gains_db)
        limited, within = limit(decoded), slice(first - begins, past - begins)
        heard = limited.audio[..., within]
        place = Place(first, samples)
        try:
            write_wav(Path(out), heard, codec.config.sample_rate, 24, place=place, replace=replace)
        except FileExistsError:
            raise AlleleError(
                "E_EXISTS", f"{out}: another program has just created this file", hint="try again"
            ) from None
        rms = float(np.sqrt(np.mean(np.square(heard, dtype=np.float64)))) if heard.size else 0.0
        peak = float(np.abs(heard).max()) if heard.size else 0.0
        fields = {
            "samples": heard.shape[-1],
            "sample_rate": codec.config.sample_rate,
            "seconds": heard.shape[-1] / codec.config.sample_rate,
            "channels": codec.config.channels,
            "peak_db": _decibels(peak),
            "rms_db": _decibels(rms),
            "notes": _limiting(limited, decoded, within, first, codec.config.sample_rate),
        }
        return fields, ()

    def onsets(self, codes: Array, gains_db: Array, *, model: str, codec_id: str, samples: int) -> Result:
        """Find the onsets of a grid's sound, in samples, and its likely tempos."""
        codec = self._codec(model, codec_id)
        sound = np.atleast_2d(codec.decode(codes, gain_db=gains_db))[:, :samples].mean(0)
        rate = codec.config.sample_rate
        moments = np.rint(find_onsets(sound, rate) * rate).astype(np.int32)
        return {"tempos": tempo_candidates(sound, rate)}, (moments,)

    def novelty_of_file(self, *, model: str, path: str) -> Result:
        """Judge whether an audio file is new to a model."""
        return novelty_of_file(Path(model), self._codec(model), Path(path)), ()

    def novelty_of_codes(self, codes: Array, gains_db: Array, *, model: str, codec_id: str, samples: int) -> Result:
        """Judge whether the sound of a grid is new to its model."""
        return novelty_of_codes(Path(model), self._codec(model, codec_id), codes, gains_db, samples), ()

    def clip(self, *, path: str) -> Result:
        """Read an audio file at 48 kHz, in one or two channels."""
        return {}, (read_clip(Path(path), 2).audio,)

    def preview(self, *, path: str, source: str) -> Result:
        """Read a preview that an evaluation wrote."""
        matched = read_matched(Path(path), Path(source))
        return {"gain_db": matched.gain_db}, (matched.audio,)

    def _atlas(self, folder: Path, codec: Codec) -> Atlas | None:
        """The atlas of a model, None if it is not measured yet. It is read again if its file has changed."""
        path = folder / ATLAS_NAME
        if not path.exists():
            return None
        changed = path.stat().st_mtime_ns
        if self._measured is None or self._measured[:2] != (folder, changed):
            config = codec.config
            atlas = read_atlas(folder, codec.codec_id, levels=config.levels, codebook=config.codebook_size)
            self._measured = (folder, changed, atlas)
        return self._measured[2]

    def _filler(self, folder: Path, codec: Codec) -> Filler:
        """The engine that fills gaps with a model's prior. It is opened again if the model or its prior has changed."""
        changed = prior_changed(folder)
        if self._prior is None or self._prior[:2] != (folder, changed):
            self._prior = (folder, changed, open_filler(folder, codec))
        return self._prior[2]

    def _codec(self, model: str, codec_id: str = "") -> Codec:
        """The codec in a model's folder, which must have this codec id unless it is "".

        Raises:
            AlleleError: E_NOT_FOUND, E_WRONG_MODEL, or an error of the codec.
        """
        codec = self._resident(model)
        if codec_id and codec.codec_id != codec_id:
            raise AlleleError(
                "E_WRONG_MODEL",
                f"model {Path(model).name} was replaced (codec {codec.codec_id[:12]}, not {codec_id[:12]})",
                hint="allele model list names the models",
            )
        return codec

    def _resident(self, model: str) -> Codec:
        folder = Path(model)
        try:
            changed = (folder / "codec" / CONFIG_NAME).stat().st_mtime_ns
        except OSError:
            raise AlleleError(
                "E_NOT_FOUND", f"model {folder.name} has no finished codec", hint="allele model list names the models"
            ) from None
        known = self._codecs.get(model)
        if known is None or known[0] != changed:
            self._codecs[model] = (changed, Codec.load(folder, self._device))
            while len(self._codecs) > MOST_MODELS:
                self._codecs.popitem(last=False)
        self._codecs.move_to_end(model)
        return self._codecs[model][1]


def _reduced_db(limited: Limited, part: slice, hop: int) -> NDArray[np.float32]:
    """The largest reduction of each frame of a part, in dB, (T,); empty if nothing in it was reduced."""
    if limited.gain is None or (gain := limited.gain[part]).min(initial=1.0) == 1.0:
        return UNTOUCHED
    lowest = np.minimum.reduceat(gain, np.arange(0, gain.size, hop))
    return np.asarray(-20 * np.log10(lowest), np.float32)


def _decoded_around(
    codec: Codec, codes: Array, part: tuple[int, int], levels: list[int] | None, gains_db: Array
) -> tuple[int, NDArray[np.float32]]:
    """Decode the chunks of `Codec.decode` that a part and its limiting depend on, so that every sample is bitwise its.

    Returns:
        The first sample of the sound, and the sound from there on.
    """
    hop, total = codec.config.hop_length, codes.shape[1]
    lo = max(0, part[0] - LIMITER_PIECES) // hop // CHUNK_FRAMES * CHUNK_FRAMES
    hi = min(total, -(-(part[1] + LIMITER_PIECES) // hop))
    if lo == 0 and hi == total:
        return 0, codec.decode(codes, levels=levels, gain_db=gains_db)
    ranges = [(first, min(total, first + CHUNK_FRAMES)) for first in range(lo, hi, CHUNK_FRAMES)]
    pieces = [codec.decode_range(codes, *frames, levels=levels, gain_db=gains_db) for frames in ranges]
    return lo * hop, np.concatenate(pieces, axis=-1)


def _limiting(limited: Limited, decoded: NDArray[np.float32], within: slice, first: int, sample_rate: int) -> list[str]:
    """A note about the samples of a part that a limiter had to reduce to fit the range of the file, and where.

    `within`: the part, in the sound that was limited. `first`: its first sample in the strand.
    """
    gain = UNTOUCHED if limited.gain is None else limited.gain[within]
    if gain.min(initial=1.0) == 1.0:
        return []
    level = np.abs(decoded[..., within])
    count = int(np.count_nonzero((level if level.ndim == 1 else level.max(axis=0)) > 1.0))
    at_s = (first + int(gain.argmin())) / sample_rate
    where = f"{at_s:.2f} s of the strand" if first else f"{at_s:.2f} s"
    over = f": {count} samples were over full scale" if count else ""
    return [f"limited by {-20 * float(np.log10(gain.min())):.1f} dB at {where}{over}"]


def _decibels(amplitude: float) -> float:
    return round(max(QUIETEST_DB, 20 * float(np.log10(max(amplitude, 1e-12)))), 2)
