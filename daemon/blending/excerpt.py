"""The decoded sound of some frames of a grid, its descriptors, and how they depend on the latents.

Data flow: codes → latents → sound of the measured frames, in equal parts of about a second → descriptors of each part,
counted in steps (`daemon.atlas.descriptors.STEPS`). Parts are measured apart, so that an edit cannot pass by changing
one loud moment only. The derivatives come from the decoder itself: one decode, and a pass back for each descriptor.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.atlas.descriptors import SHORTEST_SAMPLES, STEPS, describe, describe_with_gradient
from daemon.codec.codec import Codec, Codes

PART_FRAMES = 48  # 1 s

Real = NDArray[np.floating]
_STEPS = np.array(STEPS, np.float32)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the parts of an excerpt sound like: values (P, A) in steps, and the mean square of each part, (P,)."""

    values: Real
    power: Real


@dataclass(frozen=True, kw_only=True)
class Sensed(Heard):
    """How the parts of an excerpt sound, and `gradients` (A, n, D): steps per unit of each frame's latent."""

    gradients: Real


class Excerpt:
    """Frames [first, past) of codes (Q, T), decoded with as much of the frames around them as the codec needs."""

    def __init__(self, codec: Codec, codes: Codes, first: int, past: int) -> None:
        left, right = codec.receptive_field_frames
        start, stop = max(0, first - left), min(codes.shape[1], past + right)
        self._codec = codec
        self.codes: Codes = codes[:, start:stop]
        self.frames = slice(first - start, past - start)
        """The excerpt's frames in `codes`."""
        self.count = past - first
        self.parts = max(1, round(self.count / PART_FRAMES))
        self.part_of = np.minimum(np.arange(self.count) * self.parts // max(1, self.count), self.parts - 1)
        """The part of each frame, (n,)."""
        self._samples = self._measured(codec.config.hop_length)

    def listen(self, codes: Codes) -> Heard:
        """Measure the excerpt with other codes in the place of `codes`, of the same shape."""
        sound = self._cut(self._codec.decode_latents(self._latents(codes)))
        return Heard(values=describe(sound).cpu().numpy() / _STEPS, power=_power(sound))

    def sense(self, codes: Codes) -> Sensed:
        """Measure the excerpt with other codes, and the derivative of every descriptor by every latent of a frame."""
        latents = self._latents(codes).requires_grad_(True)
        with torch.enable_grad():
            sound = self._cut(self._codec.decode_with_gradient(latents))
            values = describe_with_gradient(sound)
            slopes = [
                torch.autograd.grad(values[:, column].sum(), latents, retain_graph=True)[0][0, self.frames] / step
                for column, step in enumerate(STEPS)
            ]
        return Sensed(
            values=values.detach().cpu().numpy() / _STEPS,
            power=_power(sound.detach()),
            gradients=torch.nan_to_num(torch.stack(slopes)).cpu().numpy(),
        )

    def _latents(self, codes: Codes) -> Tensor:
        return torch.from_numpy(self._codec.dequantize(codes))[None]

    def _measured(self, hop: int) -> slice:
        """The samples to measure: those of the frames, and around them what a descriptor needs at least."""
        missing = max(0, -(-SHORTEST_SAMPLES // hop) - self.count)
        first = max(0, self.frames.start - -(-missing // 2))
        past = min(self.codes.shape[1], max(self.frames.stop, first + self.count + missing))
        return slice(max(0, min(first, past - self.count - missing)) * hop, past * hop)

    def _cut(self, sound: Tensor) -> Tensor:
        """Cut decoded sound `[1, L]` into parts `[P, l]`. Silence follows a strand too short for a descriptor."""
        measured = sound[0, self._samples]
        if measured.shape[0] < SHORTEST_SAMPLES:
            measured = torch.nn.functional.pad(measured, (0, SHORTEST_SAMPLES - measured.shape[0]))
        length = measured.shape[0] // self.parts
        return measured[: self.parts * length].reshape(self.parts, length)


def _power(sound: Tensor) -> Real:
    return sound.square().mean(-1).cpu().numpy()
