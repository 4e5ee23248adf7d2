"""A trained codec for inference: numpy in and out, float32, deterministic."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.codec.config import CodecConfig
from daemon.codec.errors import CodecError
from daemon.codec.files import identify, read_codec, write_codec
from daemon.codec.level import loudest_stretches, missing_level_db
from daemon.codec.loudness import clip_gain_db
from daemon.codec.model import CodecModel
from daemon.codec.ranks import codebook_ranks
from daemon.codec.signals import FADE_IN_SAMPLES, Gains, fade_in, fitting, gains_of
from daemon.dsp.audio import Audio

Codes = NDArray[np.uint16]

CHUNK_FRAMES = 512
"""Frames per pass: 11 s, about 70 MiB of activations at any length of clip. Twice as many take 1.3 times as long per
second of sound."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """One encoded clip: its codes, and the length and gain that restore it on decoding."""

    codes: Codes
    """`(Q, T)` uint16."""
    samples: int
    """Length of the source."""
    gain_db: float
    """Gain that restores the source's level *after decoding*; pass it to `decode`."""
    missing_db: float = 0.0
    """The part of the gain that makes up for a decode which is quieter than its source."""


class Codec:
    """A trained codec with frozen weights. Create one with `load` or from a trained `CodecModel`."""

    def __init__(self, model: CodecModel, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._model = model.to(self._device).float().eval().requires_grad_(False)
        self._ranks: NDArray[np.uint16] | None = None
        self.config: CodecConfig = model.config
        self.codec_id: str = identify(model.state_dict())
        # TF32 keeps 10 bits of mantissa: enough to flip codes between machines.
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False

    @classmethod
    def load(cls, model_dir: Path, device: torch.device | str = "cpu") -> Self:
        """Open the codec of a model folder (or a bare codec folder).

        Raises:
            CodecError: it is missing, unfinished or damaged.
        """
        described, state = read_codec(model_dir)
        model = CodecModel(described.config)
        try:
            model.load_state_dict(state)
        except RuntimeError as error:
            raise CodecError(
                f"{model_dir}: the weights do not fit the configuration.", "Restore the model's folder."
            ) from error
        return cls(model, device)

    def save(self, folder: Path) -> str:
        """Write `codec.safetensors` and `codec.json` into `folder`; returns the codec's id."""
        return write_codec(folder, self.config, self._model.state_dict())

    @property
    def frame_rate(self) -> float:
        """Latent frames per second."""
        return self.config.frame_rate

    @property
    def receptive_field_frames(self) -> tuple[int, int]:
        """Latent frames left and right that a decoded frame depends on."""
        return self.config.margin_frames, self.config.margin_frames

    @property
    def parameter_count(self) -> int:
        """Number of trained parameters, without codebooks."""
        return self._model.parameter_count

    @torch.no_grad()
    def encode(self, audio: Audio, *, chunk_frames: int = CHUNK_FRAMES) -> Encoded:
        """Encode a 48 kHz clip. The same audio always gives the same codes.

        Args:
            audio: `(L,)` float32, any length from one sample; a stereo codec takes `(2, L)` too.
            chunk_frames: latent frames per pass; affects memory, not the codes.

        Raises:
            CodecError: the clip has another shape, is empty or is not finite.
        """
        signal = fitting(audio, self.config.channels)
        gain_db = clip_gain_db(signal, self.config)
        gain = 10 ** (gain_db / 20)
        latents = self._encode_chunks(signal, gain, chunk_frames)
        grid = torch.cat([self._model.quantizer(latent).codes[0] for latent in latents], -1)
        codes = grid.cpu().numpy().astype(np.uint16)
        missing_db = self._missing_level_db(signal, grid, gain)
        return Encoded(
            codes=codes, samples=signal.shape[-1], gain_db=round(missing_db - gain_db, 2), missing_db=missing_db
        )

    def _missing_level_db(self, signal: Audio, grid: Tensor, gain: float) -> float:
        """Level difference in dB between a clip and its decode, measured as `daemon.codec.level` describes."""
        hop = self.config.hop_length
        stretches = loudest_stretches(signal, hop)
        source = torch.from_numpy(np.stack([signal[..., lo * hop : hi * hop] for lo, hi in stretches]))
        codes = torch.stack([grid[:, lo:hi] for lo, hi in stretches])
        made = self._model.decode(self._model.quantizer.dequantize(codes))[..., : source.shape[-1]]
        return missing_level_db(source.to(self._device) * gain, made)

    def _encode_chunks(self, signal: Audio, gain: float, chunk_frames: int) -> list[Tensor]:
        hop, margin = self.config.hop_length, self.config.margin_frames
        total = -(-signal.shape[-1] // hop)
        latents: list[Tensor] = []
        for lo in range(0, total, chunk_frames):
            hi = min(lo + chunk_frames, total)
            start, stop = max(0, lo - margin), min(total, hi + margin)
            piece = torch.from_numpy(signal[..., start * hop : stop * hop] * np.float32(gain)).to(self._device)
            latents.append(self._model.encode(piece[None])[:, lo - start : hi - start])
        return latents

    def decode(
        self,
        codes: Codes,
        *,
        levels: Sequence[int] | None = None,
        samples: int | None = None,
        gain_db: float | Gains = 0.0,
        chunk_frames: int = CHUNK_FRAMES,
    ) -> Audio:
        """Decode a grid of codes to sound.

        Args:
            codes: `(Q, T)` integers.
            levels: levels to decode, all by default; an empty sequence decodes the zero latent.
            samples: length of the result (`Encoded.samples`); whole frames by default.
            gain_db: gain applied to the result (`Encoded.gain_db`), or to each frame, `(T,)`. Frames overlap by half,
                each at its own gain.

        Returns:
            `(samples or T * hop_length,)` float32, in stereo two such rows, left and right.

        Raises:
            CodecError: the codes, levels or samples do not fit this codec.
        """
        grid, chosen = self._checked(codes, levels)
        hop, total = self.config.hop_length, grid.shape[1]
        gains = gains_of(gain_db, total)
        wanted = total * hop if samples is None else samples
        if not 0 <= wanted <= total * hop:
            raise CodecError(f"{total} frames hold up to {total * hop} samples, not {wanted}.")
        out = np.empty(total * hop if self.config.channels == 1 else (2, total * hop), np.float32)
        for lo in range(0, total, chunk_frames):
            hi = min(lo + chunk_frames, total)
            out[..., lo * hop : hi * hop] = self._decode_range(grid, lo, hi, chosen, gains)
        return out[..., :wanted]

    def decode_range(
        self,
        codes: Codes,
        frame_lo: int,
        frame_hi: int,
        *,
        levels: Sequence[int] | None = None,
        gain_db: float | Gains = 0.0,
    ) -> Audio:
        """Decode frames `frame_lo` to `frame_hi` (half-open) of a grid without decoding the rest.

        Returns:
            `((frame_hi - frame_lo) * hop_length,)` float32, in stereo two such rows, equal to the full decode
            within 1e-4.

        Raises:
            CodecError: the codes or levels do not fit this codec, or the range lies outside the grid.
        """
        grid, chosen = self._checked(codes, levels)
        if not 0 <= frame_lo <= frame_hi <= grid.shape[1]:
            raise CodecError(f"frames {frame_lo}:{frame_hi} are not in a grid of {grid.shape[1]}.")
        if frame_lo == frame_hi:
            return np.zeros(0 if self.config.channels == 1 else (2, 0), np.float32)
        return self._decode_range(grid, frame_lo, frame_hi, chosen, gains_of(gain_db, grid.shape[1]))

    @torch.no_grad()
    def _decode_range(self, grid: Tensor, lo: int, hi: int, levels: list[int], gains: Gains) -> Audio:
        hop, margin = self.config.hop_length, self.config.margin_frames
        start, stop = max(0, lo - margin), min(grid.shape[1], hi + margin)
        piece = grid[None, :, start:stop].to(self._device)
        part = gains[start:stop]
        is_even = bool((part == part[0]).all())
        gain = None if is_even else torch.from_numpy(part)[None, :, None].to(self._device)
        audio = self._model.decode(self._model.quantizer.dequantize(piece, levels), gain)
        decoded = audio[0, ..., (lo - start) * hop : (hi - start) * hop].cpu().numpy()
        if is_even:
            decoded = decoded * part[0]
        if lo == 0:
            decoded[..., :FADE_IN_SAMPLES] *= fade_in()
        return decoded

    @torch.no_grad()
    def decode_latents(self, latents: Tensor) -> Tensor:
        """Decode a batch of latents to mono: `[B, T, D]` to `[B, T * hop_length]` on the codec's device.

        A stereo codec returns the mean of its channels.
        """
        return self._model.decode_mid(latents.to(self._device))

    def decode_with_gradient(self, latents: Tensor) -> Tensor:
        """Decode as `decode_latents` does, recording what autograd needs to differentiate by the latents."""
        with torch.enable_grad():
            return self._model.decode_mid(latents.to(self._device))

    @torch.no_grad()
    def dequantize(self, codes: Codes, *, levels: Sequence[int] | None = None) -> NDArray[np.float32]:
        """Latents as the sum of the chosen levels: codes `(Q, T)` to `(T, D)` float32."""
        grid, chosen = self._checked(codes, levels)
        return self._model.quantizer.dequantize(grid[None].to(self._device), chosen)[0].cpu().numpy()

    @torch.no_grad()
    def quantize(self, latents: NDArray[np.float32]) -> Codes:
        """Nearest codes to latents, level by level: `(T, D)` float32 to `(Q, T)`."""
        if latents.ndim != 2 or latents.shape[1] != self.config.latent:
            raise CodecError(f"latents of shape (T, {self.config.latent}) are needed, not {latents.shape}.")
        frames = torch.from_numpy(np.ascontiguousarray(latents, np.float32))[None].to(self._device)
        return self._model.quantizer(frames).codes[0].cpu().numpy().astype(np.uint16)

    @torch.no_grad()
    def quantize_levels(self, latents: NDArray[np.float32], levels: Sequence[int]) -> Codes:
        """Quantise latents with consecutive levels only: `(T, D)` float32 to `(len(levels), T)`.

        Raises:
            CodecError: the latents or levels do not fit this codec.
        """
        _, wanted = self._checked(np.zeros((self.config.levels, 0), np.uint16), levels)
        if latents.ndim != 2 or latents.shape[1] != self.config.latent or not wanted:
            raise CodecError(f"latents of shape (T, {self.config.latent}) and levels are needed, not {latents.shape}.")
        found = np.empty((len(wanted), len(latents)), np.uint16)
        for lo in range(0, len(latents), CHUNK_FRAMES):
            piece = torch.from_numpy(np.ascontiguousarray(latents[lo : lo + CHUNK_FRAMES], np.float32))
            found[:, lo : lo + CHUNK_FRAMES] = (
                self._model.quantizer.search(piece.to(self._device), wanted).cpu().numpy()
            )
        return found

    @torch.no_grad()
    def analyse(self, audio: Audio) -> tuple[float, NDArray[np.float64], Codes]:
        """Encode a clip and measure the quantisation error after every level.

        Returns:
            Energy of the clip's latents; energy of the residual after each level, `(Q,)`; the codes, `(Q, T)`.
        """
        audio = fitting(audio, self.config.channels)
        gain = 10 ** (clip_gain_db(audio, self.config) / 20)
        energy, left_over, codes = 0.0, np.zeros(self.config.levels), list[Tensor]()
        for latent in self._encode_chunks(audio, gain, CHUNK_FRAMES):
            made = self._model.quantizer(latent)
            energy += float(latent.square().sum())
            left_over += (made.residual_rms.square() * latent.numel()).cpu().numpy()
            codes.append(made.codes[0])
        return energy, left_over, torch.cat(codes, -1).cpu().numpy().astype(np.uint16)

    @torch.no_grad()
    def codebook_vectors(self, level: int) -> NDArray[np.float32]:
        """Vector that each code of a level adds to the latent, `(K, D)` float32."""
        if not 0 <= level < self.config.levels:
            raise CodecError(f"level {level} is not one of 0 to {self.config.levels - 1}.")
        return self._model.quantizer.vectors(level).cpu().numpy()

    def search_vectors(self) -> NDArray[np.float32]:
        """Vector of every code in its level's search space, `(Q, K, 8)` float32: near codes sound alike."""
        return self._model.quantizer.search_vectors().cpu().numpy()

    def codebook_ranks(self) -> NDArray[np.uint16]:
        """Rank of every code on its codebook's first principal component, `(Q, K)`, dark to bright."""
        if self._ranks is None:
            self._ranks = codebook_ranks(self._model)
        return self._ranks

    def _checked(self, codes: Codes, levels: Sequence[int] | None) -> tuple[Tensor, list[int]]:
        Q, K = self.config.levels, self.config.codebook_size
        if codes.ndim != 2 or codes.shape[0] != Q or not np.issubdtype(codes.dtype, np.integer):
            raise CodecError(f"this codec has {Q} levels: codes of shape ({Q}, T), not {codes.shape}.")
        if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < K:
            raise CodecError(f"codes run from 0 to {K - 1}, these from {codes.min()} to {codes.max()}.")
        chosen = list(range(Q)) if levels is None else list(dict.fromkeys(levels))
        if any(not 0 <= level < Q for level in chosen):
            raise CodecError(f"levels {chosen} are not all in 0 to {Q - 1}.")
        return torch.from_numpy(codes.astype(np.int64)), chosen
