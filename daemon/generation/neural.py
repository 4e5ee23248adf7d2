"""The neural engine: codes sampled from the prior, from nothing, after a sound, in a gap, or in place of cells."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codes
from daemon.generation.material import Material
from daemon.generation.snapping import Snapping
from daemon.prior.blend import Blend
from daemon.prior.prior import Prior
from daemon.prior.sampling import Fixed, Sampler, Sampling, sample

PROMPT_FRAMES = 192
"""Frames heard before sampling, on either side."""
SECTION_FRAMES = 576
"""Frames of a section of a long sound, 12 s."""
LINK_FRAMES = 240
"""Frames of a sound that are heard again before its next section: at least the longest period."""
CANDIDATES = 12
INFILL_TEMPERATURE = 0.8
"""Of the calibrated one: a gap has two sides to agree with."""
CLOSING_FRAMES = 12
"""Frames at the end of a loop that are filled again so that they lead to its start."""
SPAN_FRAMES = 8
"""Mean length of a stretch that a variation keeps or draws again, 170 ms."""

GoOn = Callable[[float], bool]
Watch = Callable[[NDArray[np.int64]], bool]
"""Called with the codes `(Q,)` of a frame that was drawn; False stops."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the engine samples."""

    sampling: Sampling
    focus: float
    """Share of the frames whose fine levels are snapped to the recordings."""
    conditions: NDArray[np.float64] | None = None
    """Wanted ranks in the order of CONDITIONS, `(C,)`, NaN where it does not matter; None for none."""


class Neural:
    """The neural engine of one model, or of two."""

    def __init__(self, prior: Prior, material: Material, blend: Blend | None = None) -> None:
        """`material`: what fine levels are snapped to. `blend`: a second prior with a share; None for none."""
        self._prior, self._material, self._blend = prior, material, blend
        self._snapping = Snapping(material)

    def new(
        self,
        frames: int,
        seeds: Sequence[int],
        settings: Settings,
        *,
        before: Codes | None = None,
        is_loop: bool = False,
        go_on: GoOn = lambda _: True,
    ) -> list[Codes]:
        """Grids of `frames` frames from nothing, or as the continuation of `before`, one for each seed.

        Fewer frames come back if `go_on`, called with the share done, stops it.
        """
        heard = None if before is None else before[:, -PROMPT_FRAMES:]
        first = min(frames, SECTION_FRAMES)
        grids = self._section(heard, first, seeds, settings, lambda done: go_on(done / frames))
        if grids[0].shape[1] == first < frames:
            share = lambda index, done: go_on((first + (index + done) * (frames - first) / len(seeds)) / frames)  # noqa: E731
            grids = [
                self._extended(grid, heard, frames, seed, settings, lambda done, index=index: share(index, done))
                for index, (grid, seed) in enumerate(zip(grids, seeds, strict=True))
            ]
        made = [self._snapped(grid, settings, seed) for grid, seed in zip(grids, seeds, strict=True)]
        if not is_loop:
            return made
        return [self._closed(grid, settings, seed) for grid, seed in zip(made, seeds, strict=True)]

    def _section(
        self,
        heard: Codes | None,
        frames: int,
        seeds: Sequence[int],
        settings: Settings,
        go_on: Callable[[int], bool],
    ) -> list[Codes]:
        """Grids after what was heard, one for each seed."""
        return sample(
            self._prior,
            frames,
            seeds,
            settings.sampling,
            prompt=heard,
            conditions=self._given(settings),
            blend=self._blend,
            go_on=go_on,
        )

    def _extended(
        self, codes: Codes, heard: Codes | None, frames: int, seed: int, settings: Settings, go_on: GoOn
    ) -> Codes:
        """A grid that goes on to `frames` frames, in sections; shorter if `go_on` stops it.

        A sequence that has only itself to copy comes to a standstill within minutes. So what was heard at first is
        heard again before each section, followed by the last frames of the grid.
        """
        begun, section = codes.shape[1], 0
        while (done := codes.shape[1]) < frames:
            section += 1
            last = codes[:, -LINK_FRAMES:]
            prompt = last if heard is None else np.concatenate([heard, last], 1)
            count = min(SECTION_FRAMES, frames - done)
            share = lambda more, done=done: go_on((done - begun + more) / (frames - begun))  # noqa: E731
            (piece,) = self._section(prompt, count, [seed + (section << 40)], settings, share)
            codes = np.concatenate([codes, piece], 1)
            if piece.shape[1] < count:
                break
        return codes

    def infill(
        self,
        codes: Codes,
        lo: int,
        hi: int,
        seed: int,
        settings: Settings,
        *,
        free: NDArray[np.bool_] | None = None,
        watch: Watch = lambda _: True,
    ) -> Codes:
        """Fill frames [lo, hi) of a grid so that both sides fit; the best of `CANDIDATES` by its steps at the joins.

        The same codes come back if `watch`, called with each frame of the first candidate, stops it.

        Args:
            free: cells of the gap that may change, `(Q, hi - lo)`; all by default.
        """
        right = codes[:, hi : hi + PROMPT_FRAMES]
        left = codes[:, max(0, lo - PROMPT_FRAMES) : lo]
        sampler = Sampler(self._prior, _cooled(settings.sampling), self._blend)
        # The right side comes first, so that the copies can look there; the left side leads into the gap.
        sampler.hear(np.concatenate([right, left], 1))
        sampler.branch([seed * CANDIDATES + index for index in range(CANDIDATES)])
        drawn: list[NDArray[np.int64]] = []
        for frame in range(hi - lo):
            given = None
            if free is not None:
                given = np.where(free[:, frame], -1, codes[:, lo + frame].astype(np.int64))
            drawn.append(sampler.draw(given=given))
            if not watch(drawn[-1][0]):
                return codes
        candidates = []
        for index, grid in enumerate(np.stack(drawn, -1).astype(np.uint16)):
            snapped = self._snapped(grid, settings, seed + index)
            candidates.append(snapped if free is None else np.where(free, snapped, codes[:, lo:hi]))
        return min((_put(codes, lo, one) for one in candidates), key=lambda whole: self._roughness(whole, lo, hi))

    def vary(
        self, codes: Codes, amount: float, seed: int, settings: Settings, *, go_on: GoOn = lambda _: True
    ) -> Codes:
        """Draw about `amount` of a grid again, in stretches of whole frames, with the rest given."""
        random = np.random.default_rng([seed, 0x7A2])
        free = _spans(codes.shape[1], amount, random)
        if not free.any():
            return codes
        mask = np.broadcast_to(~free, codes.shape)
        frames = codes.shape[1]
        grid = sample(
            self._prior,
            frames,
            [seed],
            settings.sampling,
            fixed=Fixed(codes=codes, mask=mask),
            blend=self._blend,
            go_on=lambda done: go_on(done / frames),
        )[0]
        if grid.shape[1] < frames:
            return codes
        return np.where(mask, codes, self._snapped(grid, settings, seed))

    def _given(self, settings: Settings) -> NDArray[np.float64] | None:
        """Conditions that this prior knows; none for a prior without them."""
        given = settings.conditions
        return given if given is not None and len(given) == self._prior.config.conditions else None

    def _closed(self, codes: Codes, settings: Settings, seed: int) -> Codes:
        """The same grid with its last frames filled again so that they lead to its start."""
        frames = codes.shape[1]
        closing = min(CLOSING_FRAMES, frames // 3)
        if not closing:
            return codes
        turned = np.roll(codes, frames // 2, 1)  # end and start meet in the middle now
        lo = frames // 2 - closing
        return np.roll(self.infill(turned, lo, frames // 2, seed, settings), -(frames // 2), 1)

    def _snapped(self, codes: Codes, settings: Settings, seed: int) -> Codes:
        return self._snapping.snapped(codes, settings.focus, np.random.default_rng([seed, 0x51A]))

    def _roughness(self, codes: Codes, lo: int, hi: int) -> float:
        """Latent steps into and out of a gap, and how far they are from the usual step around it."""
        around = codes[:, max(0, lo - 16) : hi + 16]
        latents = self._material.codec.dequantize(around)
        steps = np.square(np.diff(latents, axis=0)).sum(1)
        first = lo - max(0, lo - 16)
        joins = [place for place in (first - 1, first + hi - lo - 1) if 0 <= place < len(steps)]
        return float(sum(steps[place] for place in joins))


def _put(codes: Codes, lo: int, piece: Codes) -> Codes:
    whole = codes.copy()
    whole[:, lo : lo + piece.shape[1]] = piece
    return whole


def _cooled(sampling: Sampling) -> Sampling:
    return msgspec.structs.replace(sampling, temperature=sampling.temperature * INFILL_TEMPERATURE)


def _spans(frames: int, amount: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Frames to draw again: stretches of about `SPAN_FRAMES`, together as near to `amount` of all as they come."""
    wanted = round(amount * frames)
    free = np.zeros(frames, bool)
    starts = np.arange(0, frames, SPAN_FRAMES)
    for start in random.permutation(starts):
        if free.sum() >= wanted:
            break
        free[start : start + min(SPAN_FRAMES, wanted - int(free.sum()))] = True
    return free
