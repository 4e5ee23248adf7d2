"""Open the second model of a generation, as the engines of the first one take it up.

Models of one codec share their codes, so the second takes part with its prior, its recordings and its events as they
are. A model of another codec takes part through its sound: its recordings are encoded with the first model's codec,
once, and kept in `borrowed/` of the first model's folder; the first model's prior then hears them before it makes
anything, and its copies quote them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from shlex import quote

import msgspec
import numpy as np

from daemon.codec.codec import Codec, Codes
from daemon.codec.files import read_codec
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.errors import ReportedError
from daemon.generation.engines import Engines
from daemon.generation.errors import GenerationError
from daemon.generation.event_gathering import events_of
from daemon.generation.material import Material, gather
from daemon.generation.pairing import JoinedMaterial, Pair, joined_banks
from daemon.prior.blend import Blend
from daemon.runs.folder import read_run
from daemon.workers.model_parts import Parts, open_parts_of

BORROWED = "borrowed"
HEARD_FRAMES = 768
"""Frames of another codec's recordings that the first model's prior hears, 16 s; a quarter of its memory stays free."""
STRETCH_FRAMES = 96
"""Length of the stretches that those are taken in."""

GoOn = Callable[[float], bool]


@dataclass(frozen=True, kw_only=True)
class Second:
    """A second model, opened with the codec of the first."""

    name: str
    parts: Parts
    is_borrowed: bool
    """Whether it has another codec, so that it takes part through its sound."""

    def engines(self, first: Parts, share: float) -> Engines:
        """The engines of the first model, with this one's share."""
        own = self.parts
        pair = Pair(
            name=self.name,
            share=share,
            is_borrowed=self.is_borrowed,
            has_prior=self.is_borrowed or own.prior is not None,
            notes=self._notes(share),
        )
        if share == 0:
            return first.engines(pair)
        if share == 1 and not self.is_borrowed:
            return own.engines(pair)
        pair = replace(pair, blend=self._blend(first, share))
        if share < 0:
            return first.engines(pair)
        material = JoinedMaterial(first.material, own.material, share)
        bank = joined_banks(first.events, own.events, len(first.material.takes))
        return replace(first, material=material, events=bank).engines(replace(pair, origins=material.origins))

    def _blend(self, first: Parts, share: float) -> Blend | None:
        """Its share in what is drawn; None if either has no prior."""
        if first.prior is None:
            return None
        if self.is_borrowed:
            return Blend(prior=first.prior, share=share, heard=_heard(self.parts.material))
        if self.parts.prior is None:
            return None
        return Blend(prior=self.parts.prior, share=share, warmth=self.parts.temperature / first.temperature)

    def _notes(self, share: float) -> list[str]:
        notes = [f"{share:.0%} of it is {self.name}'s." if share >= 0 else f"It turns away from {self.name}."]
        if self.is_borrowed:
            notes.append(
                f"{self.name} has another codec, so it takes part through its sound: its recordings were encoded with "
                "this model's codec."
            )
        return notes


def open_second(folder: Path, first: Path, codec: Codec, *, go_on: GoOn = lambda _: True) -> Second | None:
    """Open the second model in `folder` for the model in the folder `first`; None if that was stopped.

    Raises:
        ReportedError: it cannot be read, or has another codec and its recordings are gone.
    """
    if read_codec(folder)[0].codec_id != codec.codec_id:
        return _borrowed(folder, first, codec, go_on)
    parts = open_parts_of(folder, codec, go_on=go_on)
    return Second(name=folder.name, parts=parts, is_borrowed=False)


def _borrowed(folder: Path, first: Path, codec: Codec, go_on: GoOn) -> Second | None:
    """A model of another codec: its training recordings as codes of this one."""
    run = read_run(folder)
    if run is None:
        raise GenerationError(f"{folder.name} has no run.json: its recordings are not known.", "Choose another model.")
    split = run.plan.split
    kept = first / BORROWED / sha256(msgspec.json.encode(split)).hexdigest()[:16]
    material = _kept(kept, codec)
    if material is None:
        try:
            clips = open_parts(load_corpus(folder.parent.parent / "corpora" / run.corpus), split.train, codec.config)
        except ReportedError as problem:
            raise GenerationError(
                f"{folder.name} has another codec, and its recordings cannot be read: {problem.message}",
                f"Train it with this codec: allele train CORPUS --name NAME --codec-from {quote(first.name)}",
            ) from problem
        material = gather(codec, clips, split.train, seed=run.spec.seed, go_on=lambda share: go_on(0.5 * share))
        if material is None:
            return None
        material.save(kept)
    events = events_of(kept, material, lambda share: go_on(0.5 + 0.5 * share))
    parts = Parts(material=material, events=events, prior=None, temperature=1.0)
    return Second(name=folder.name, parts=parts, is_borrowed=True)


def _kept(folder: Path, codec: Codec) -> Material | None:
    try:
        return Material.load(folder, codec)
    except GenerationError:
        return None


def _heard(material: Material) -> Codes:
    """Stretches of the material for a prior to hear, from all over it: `(Q, T)`."""
    count = max(1, min(HEARD_FRAMES, material.frames) // STRETCH_FRAMES)
    starts = np.linspace(0, max(0, material.frames - STRETCH_FRAMES), count).round().astype(int)
    return np.concatenate([material.codes[:, start : start + STRETCH_FRAMES] for start in starts], 1)
