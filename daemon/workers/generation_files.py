"""The folder of a generation: a WAV and an `.alle` for each seed, and a manifest of all.

manifest.json holds an entry for every sound with the options it was made with. A sound whose entry has the same options
and whose files are there is not made again. Another file of the same name is never replaced without `replace`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daemon.dsp.audio import Audio
from daemon.generation.engines import Engines
from daemon.generation.errors import GenerationError
from daemon.generation.knobs import measured
from daemon.generation.material import Material
from daemon.generation.output import INVENTED, Output
from daemon.jobs.specs import GenerateSpec
from daemon.novelty.judging import Judge
from daemon.render.wav import write_wav
from protocol.atomic import place_new, replacing, write_bytes
from protocol.columns import DIRECTION, FORWARD, LEVEL, PAINTED, ROWS, SAMPLE, SOURCE, STEPS_OF_DB, Columns
from protocol.strands import Source, Strand, StrandMeta, pack_strand, unpack_strand
from protocol.tempo import Tempo

MANIFEST = "manifest.json"
VERSION = 1
MOST_STEM = 60
PICTURE_COLUMNS = 64
_NEWNESS = ("copy", "close", "new")


class Folder:
    """The files of one generation."""

    def __init__(self, spec: GenerateSpec) -> None:
        """Create the folder, and read its manifest if there is one.

        Raises:
            GenerationError: the manifest is damaged, or a file would be replaced.
        """
        self._spec, self._path = spec, Path(spec.folder)
        self._path.mkdir(parents=False, exist_ok=True)
        self.manifest = self._path / MANIFEST
        self._known = self._read()
        first = spec.options.seed or 0
        self._seeds = [first + index for index in range(spec.options.count)]

    def missing(self) -> list[int]:
        """Seeds whose sounds are not in the folder.

        Raises:
            GenerationError: a file of one of their names is another's.
        """
        missing = [seed for seed in self._seeds if not self._is_made(seed)]
        if not self._spec.replace:
            for seed in missing:
                for path in self._paths(seed):
                    if path.exists() or path.is_symlink():
                        raise GenerationError(f"{path}: it exists already.", "Choose another folder, or use --force.")
        return missing

    def write(self, seed: int, output: Output, engines: Engines, judges: Sequence[Judge]) -> dict[str, Any]:
        """Write one sound and its entry, and return that. `judges`: of novelty to the recordings of each model."""
        wav, alle = self._paths(seed)
        write_wav(wav, output.audio, replace=self._spec.replace)
        strand = self._strand(seed, output, engines)
        with replacing(alle, place=Path.replace if self._spec.replace else place_new) as file:
            file.write(pack_strand(strand))
        entry = self._entry(seed, wav, alle, output, engines.material) | {
            "novelty": _novelty(output, judges),
            "with": _second(engines),
        }
        self._known[wav.name] = entry
        content = {"version": VERSION, "model": self._spec.subject, "outputs": list(self._known.values())}
        write_bytes(self.manifest, msgspec.json.format(msgspec.json.encode(content), indent=1))
        return entry

    def entries(self) -> list[dict[str, Any]]:
        """Entries of the sounds of this generation, in the order of their seeds."""
        names = [self._paths(seed)[0].name for seed in self._seeds]
        return [self._known[name] for name in names if name in self._known]

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            content = msgspec.json.decode(self.manifest.read_bytes())
            return {Path(entry["audio"]).name: entry for entry in content["outputs"]}
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError, KeyError, TypeError) as error:
            raise GenerationError(f"{self.manifest}: it cannot be read ({error}).", "Choose another folder.") from error

    def _is_made(self, seed: int) -> bool:
        entry = self._known.get(self._paths(seed)[0].name)
        if entry is None or not all(path.exists() for path in self._paths(seed)):
            return False
        made = entry.get("options") or {}
        is_same = {name: value for name, value in made.items() if value is not None} == {
            name: value for name, value in self._options().items() if value is not None
        }
        return is_same and entry.get("codec_id", "") != ""

    def _options(self) -> dict[str, Any]:
        """The options that decide how a sound of some seed is."""
        options = asdict(self._spec.options)
        for name in ("count", "seed"):
            del options[name]
        return {**options, "mode": self._spec.mode, "amount": self._spec.amount, "frames": _listed(self._spec.frames)}

    def _paths(self, seed: int) -> tuple[Path, Path]:
        stem = f"{self._spec.subject[:MOST_STEM]}-{seed}"
        return self._path / f"{stem}.wav", self._path / f"{stem}.alle"

    def _entry(self, seed: int, wav: Path, alle: Path, output: Output, material: Material) -> dict[str, Any]:
        return {
            "audio": str(wav),
            "strand": str(alle),
            "seconds": output.audio.shape[-1] / material.codec.config.sample_rate,
            "samples": output.audio.shape[-1],
            "seed": seed,
            "engine": output.engine,
            "verbatim": round(output.verbatim, 4),
            "descriptors": measured(output.audio, material),
            "tempo": _tempo(self._spec, output),
            "notes": output.notes,
            "picture": _picture(output.audio),
            "model": self._spec.subject,
            "codec_id": material.codec.codec_id,
            "options": self._options(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    def _strand(self, seed: int, output: Output, engines: Engines) -> Strand:
        """The output as a strand: its codes, and columns with the level and the source of every frame."""
        config = engines.material.codec.config
        levels, frames = output.codes.shape
        samples = min(output.audio.shape[-1], frames * config.hop_length)
        meta = StrandMeta(
            name=f"{self._spec.subject}-{seed}"[:200],
            model=self._spec.subject,
            codec_id=engines.material.codec.codec_id,
            levels=levels,
            codebook=config.codebook_size,
            frames=frames,
            samples=samples,
            sample_rate=config.sample_rate,
            hop_length=config.hop_length,
            frame_rate=config.frame_rate,
            channels=config.channels,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            other="" if engines.pair is None else engines.pair.name,
            tempo=None if (bpm := _tempo(self._spec, output)) is None else Tempo(bpm=bpm),
        )
        if self._spec.given:
            return self._changed(meta, output)
        columns, sources = _columns(output, engines)
        return Strand(msgspec.structs.replace(meta, sources=sources), output.codes, columns)

    def _changed(self, meta: StrandMeta, output: Output) -> Strand:
        """A strand that keeps the sources of the frames that were not drawn again."""
        given = unpack_strand(Path(self._spec.given).read_bytes())
        columns = _invented(output)
        if output.kept is not None and output.kept.any():
            columns[:, output.kept] = given.columns[:, output.kept]
        meta = msgspec.structs.replace(
            meta,
            source=given.meta.source,
            sources=given.meta.sources,
            gain_db=given.meta.gain_db,
            tempo=given.meta.tempo if self._spec.mode in ("vary", "infill") else meta.tempo,
        )
        return Strand(meta, output.codes, columns)


def _second(engines: Engines) -> dict[str, Any] | None:
    """The second model that a sound was made with; None without one."""
    pair = engines.pair
    if pair is None:
        return None
    return {"model": pair.name, "mix": pair.share, "through": "sound" if pair.is_borrowed else "codes"}


def _novelty(output: Output, judges: Sequence[Judge]) -> dict[str, Any] | None:
    """How new a sound is to the recordings: to those of the model to which it is least new."""
    verdicts = [judge.judge(output.audio) for judge in judges]
    if not verdicts:
        return None
    known = [one for one in verdicts if one.verdict in _NEWNESS] or verdicts  # silence has a verdict of its own
    found = min(known, key=lambda one: ([*_NEWNESS, one.verdict].index(one.verdict), one.distance_db))
    return {
        "verdict": found.verdict,
        "nearest": found.nearest,
        "at_s": round(found.at_s, 3),
        "overlap": round(found.overlap, 4),
        "distance_db": round(found.distance_db, 2),
    }


def _tempo(spec: GenerateSpec, output: Output) -> float | None:
    """Beats a minute of a sound, where the engine placed it on a grid or the user gave a tempo."""
    bpm = output.bpm if output.bpm is not None else spec.options.tempo
    return None if bpm is None else round(bpm, 6)


def _picture(audio: Audio) -> list[int]:
    """Peaks of a sound in equal parts, 0 to 100."""
    peaks = [float(np.abs(part).max(initial=0.0)) for part in np.array_split(audio, PICTURE_COLUMNS, axis=-1)]
    return [round(100 * min(1.0, peak)) for peak in peaks]


def _listed(frames: tuple[int, int] | None) -> list[int] | None:
    return None if frames is None else list(frames)


def _invented(output: Output) -> Columns:
    """Columns of frames that no recording holds."""
    columns = np.zeros((ROWS, output.codes.shape[1]), np.int32)
    columns[LEVEL] = np.round(output.gains_db * STEPS_OF_DB)
    columns[SOURCE] = PAINTED
    return columns


def _columns(output: Output, engines: Engines) -> tuple[Columns, list[Source]]:
    """Columns of an output, and the recordings that they name: number 0 is the strand's own, which it has not."""
    columns = _invented(output)
    takes = engines.material.takes
    used = sorted({takes[index].sha256: index for index in output.takes.tolist() if index != INVENTED}.items())
    numbers = {sha256: number + 1 for number, (sha256, _) in enumerate(used)}
    for frame, index in enumerate(output.takes.tolist()):
        if index != INVENTED:
            columns[SOURCE, frame] = numbers[takes[index].sha256]
            columns[SAMPLE, frame], columns[DIRECTION, frame] = output.samples[frame], FORWARD
    return columns, [Source(path=takes[index].name, sha256=sha256) for sha256, index in used]
