"""Measure the benefit of every augmentation on held-out recordings, for trainings on 5 to 20 files.

    nice python scripts/bench/bench_augment.py [--corpus FOLDER ...] [--files 5 14] [--seeds 1 2] [--steps 200]
        [--only none all ...] [--cells FILE] [--dry-run]

For every corpus, number of files and seed, the recordings are shuffled by the seed; the first ones are trained on
and up to six of the others are held out, as whole files. One cell is one training of `--preset` for exactly `--steps`
steps on one thread from the same initial weights. `none` switches every augmentation off, `all` on (`WHOLE`), `default`
is the recipe as it is, `three` has filters, speed and polarity only (the recipe of codec format 1), and
`all - X` leaves one out. Finished cells are saved in `--cells`, so a stopped run can be continued.

**mel** is the official held-out measure (`daemon.dsp.measure.mel_distance`), quantised, all levels. **train mel** the
same on the training files: augmentation should cost little of it. **change** is of the held-out mel, averaged over the
cells that both have. **blend** measures whether latents add: half of a's and half of b's latent, decoded, against the
mix (a + b) / 2, over pairs of held-out files at one loudness. Beside it are the round trip of the mix itself (the best
possible result) and the nearer of a and b alone (the result without a blend).
"""

import argparse
import os
import shlex
import tempfile
import time
from pathlib import Path

from daemon.corpus.clips import Clip, Part, open_parts

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import msgspec
import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.codec.codec import Codec
from daemon.codec.format import FORMAT_VERSION
from daemon.corpus.ingest import ingest
from daemon.corpus.records import Corpus, load_corpus
from daemon.dsp.measure import mel_distance
from daemon.runs.spec import Recipe, Split, TrainingSpec
from daemon.training.codec_steps import CodecSteps
from daemon.training.evaluation import round_trip
from daemon.training.sizing import make_plan
from protocol.atomic import write_bytes

ROOT = Path(__file__).resolve().parents[2]
MOST_HELD_OUT = 6
OFF = {
    "eq_probability": 0.0,
    "speed_probability": 0.0,
    "pitch_probability": 0.0,
    "time_probability": 0.0,
    "mix_probability": 0.0,
    "invented_probability": 0.0,
    "noise_probability": 0.0,
    "gain_probability": 0.0,
    "flip": False,
}
THREE = {"eq_probability": 0.5, "speed_probability": 0.3, "flip": True}
WHOLE = {
    **THREE,
    "pitch_probability": 0.2,
    "time_probability": 0.2,
    "mix_probability": 0.3,
    "invented_probability": 0.2,
    "noise_probability": 0.2,
    "gain_probability": 0.3,
}
Sound = NDArray[np.float32]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """Settings and measurements of one training."""

    corpus: str
    files: int
    seed: int
    steps: int
    preset: str
    variant: str
    codec: int = 0
    """Its format: cells of an earlier one are kept and not shown."""
    mel: float
    train_mel: float
    blend: float
    mixed: float
    alone: float
    """Mel of blended latents, of the mix encoded, and of the nearer source, all against the mix."""
    ms_per_step: float

    @property
    def place(self) -> tuple[str, int, int, int, str]:
        """Settings that two cells must share to be compared."""
        return self.corpus, self.files, self.seed, self.steps, self.preset


def main() -> None:
    """Train what is missing, print, and put the tables into docs/BENCHMARKS.md."""
    arguments = _arguments()
    cells = msgspec.json.decode(arguments.cells.read_bytes(), type=list[Cell]) if arguments.cells.exists() else []
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        corpora = {folder.name: _ingested(folder, Path(scratch) / folder.name) for folder in arguments.corpus}
        for variant, seed, files, name in _order(arguments):
            done = {(cell.place, cell.variant) for cell in cells if cell.codec == FORMAT_VERSION}
            if ((name, files, seed, arguments.steps, arguments.preset), variant) in done or len(
                corpora[name].usable
            ) < files + 3:
                continue
            cells.append(_train(corpora[name], name, files, seed, variant, arguments))
            print(cells[-1], flush=True)
            write_bytes(arguments.cells, msgspec.json.format(msgspec.json.encode(cells), indent=1))
    text = section(cells)
    print(text)
    if not arguments.dry_run:
        put_section("bench_augment", "The benefit of augmentation", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure augmentation on held-out recordings.")
    parser.add_argument("--corpus", type=Path, nargs="+", default=[ROOT / "scripts" / "demo"], help="folders")
    parser.add_argument("--files", type=int, nargs="+", default=[5, 12], help="recordings to train on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--preset", default="tiny", choices=["toy", "tiny", "small"])
    parser.add_argument("--only", nargs="+", help="these variants only")
    parser.add_argument("--cells", type=Path, default=Path("bench_augment.json"), help="what is done already")
    parser.add_argument("--dry-run", action="store_true", help="do not change docs/BENCHMARKS.md")
    return parser.parse_args()


def variants() -> dict[str, Recipe]:
    """Every recipe by its name."""
    whole, three = replace(Recipe(), **WHOLE), replace(Recipe(), **(OFF | THREE))
    left_out = {f"all - {key.removesuffix('_probability')}": replace(whole, **{key: off}) for key, off in OFF.items()}
    return {"none": replace(Recipe(), **OFF), "all": whole, "default": Recipe(), "three": three, **left_out}


def _order(arguments: argparse.Namespace) -> list[tuple[str, int, int, str]]:
    """Order of cells: one variant on all corpora before the next one, so that a stopped run has complete rows."""
    names = arguments.only or list(variants())
    corpora = [folder.name for folder in arguments.corpus]
    return [
        (v, seed, files, name)
        for v in names
        for seed in arguments.seeds
        for files in arguments.files
        for name in corpora
    ]


def _ingested(folder: Path, corpus_dir: Path) -> Corpus:
    ingest([folder], corpus_dir)
    return load_corpus(corpus_dir)


def _train(corpus: Corpus, name: str, files: int, seed: int, variant: str, arguments: argparse.Namespace) -> Cell:
    records = sorted(corpus.usable, key=lambda record: record.source)
    order = [records[i] for i in np.random.default_rng(seed).permutation(len(records))]
    parts = [Part(sha256=record.sha256, start=0, stop=record.samples) for record in order]
    split = Split(kind="by file", train=parts[:files], held_out=parts[files : files + MOST_HELD_OUT])
    plan, _ = make_plan(TrainingSpec(steps=arguments.steps, preset=arguments.preset, seed=seed), split, is_gpu=False)
    # Batch and rate are the preset's; only the augmentation differs.
    augmentation = {key: getattr(variants()[variant], key) for key in OFF}
    plan = replace(plan, recipe=replace(plan.recipe, **augmentation))
    learner = CodecSteps(plan, open_parts(corpus, split.train, plan.codec), seed, torch.device("cpu"))
    began_s = time.process_time()
    for step in range(arguments.steps):
        learner.step(step / arguments.steps)
    took_s = time.process_time() - began_s
    codec = Codec(learner.settled())
    held = [clip.mono() for clip in open_parts(corpus, split.held_out, plan.codec)]
    train = [clip.mono() for clip in open_parts(corpus, split.train, plan.codec)]
    blend, mixed, alone = _additivity(codec, open_parts(corpus, split.held_out, plan.codec))
    return Cell(
        codec=FORMAT_VERSION,
        corpus=name, files=files, seed=seed, steps=arguments.steps, preset=arguments.preset, variant=variant,
        mel=_mean_mel(codec, held), train_mel=_mean_mel(codec, train), blend=blend, mixed=mixed, alone=alone,
        ms_per_step=1000 * took_s / arguments.steps,
    )  # fmt: skip


def _mean_mel(codec: Codec, sounds: list[Sound]) -> float:
    return float(np.mean([mel_distance(sound, round_trip(codec, sound)) for sound in sounds]))


def _additivity(codec: Codec, clips: list[Clip]) -> tuple[float, float, float]:
    """Blend, mix and the nearer source, as `Cell` has them, over neighbouring pairs of held-out files."""
    figures: list[tuple[float, float, float]] = []
    for first, second in zip(clips[::2], clips[1::2], strict=False):
        length = min(first.samples, second.samples, 4 * 48_000)
        a, b = (c.mono(0, length) * np.float32(10 ** (c.gain_db / 20)) for c in (first, second))
        mix = (a + b) / 2
        latents = [codec.dequantize(codec.encode(sound).codes) for sound in (a, b)]
        blended = codec.decode(codec.quantize((latents[0] + latents[1]) / 2), samples=length)
        figures.append((_at_level(mix, blended), mel_distance(mix, round_trip(codec, mix)),
                        min(_at_level(mix, a), _at_level(mix, b))))  # fmt: skip
    return tuple(np.mean(figures, axis=0).tolist())


def _at_level(source: Sound, made: Sound) -> float:
    """Mel with both at the same power: what is compared is the spectrum, not the gain."""
    gain = np.sqrt(np.square(source).mean() / max(float(np.square(made).mean()), 1e-12))
    return mel_distance(source, (made * gain).astype(np.float32))


def section(cells: list[Cell]) -> str:
    """A table for each length and preset of training, of the codec as it is now; then what holds for all of them."""
    here = [cell for cell in cells if cell.codec == FORMAT_VERSION]
    runs = sorted({(cell.steps, cell.preset) for cell in here}, reverse=True)
    tables = [_table([cell for cell in here if (cell.steps, cell.preset) == run], *run) for run in runs]
    return "\n\n".join([*tables, _note(here)])


def _table(here: list[Cell], steps: int, preset: str) -> str:
    none = {cell.place: cell for cell in here if cell.variant == "none"}
    whole = {cell.place: cell for cell in here if cell.variant == "all"}
    lines = [
        f"| {steps} steps of preset {preset} | cells | held-out mel | sd | train mel | change from none | "
        "change from all | blend / mix / alone | ms a step |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for variant in variants():
        rows = [cell for cell in here if cell.variant == variant]
        if not rows:
            continue
        mels = [cell.mel for cell in rows]
        blend = " / ".join(f"{np.mean([getattr(c, key) for c in rows]):.2f}" for key in ("blend", "mixed", "alone"))
        lines.append(
            f"| {variant} | {len(rows)} | {np.mean(mels):.3f} | {np.std(mels):.3f} | "
            f"{np.mean([cell.train_mel for cell in rows]):.3f} | {_change(rows, none)} | {_change(rows, whole)} | "
            f"{blend} | {np.mean([cell.ms_per_step for cell in rows]):.0f} |"
        )
    return "\n".join([*lines, "", *_by_corpus(here, none), "", *_commands(here)])


def _change(rows: list[Cell], base: dict[tuple[str, int, int, int, str], Cell]) -> str:
    ratios = [cell.mel / base[cell.place].mel - 1 for cell in rows if cell.place in base]
    if not ratios:
        return "–"
    return f"{np.mean(ratios):+.1%} ({min(ratios):+.0%} to {max(ratios):+.0%})"


def _by_corpus(cells: list[Cell], none: dict[tuple[str, int, int, int, str], Cell]) -> list[str]:
    """The default recipe against none, corpus by corpus."""
    lines: list[str] = []
    for name, files in sorted({(cell.corpus, cell.files) for cell in cells}):
        rows = [c for c in cells if (c.corpus, c.files, c.variant) == (name, files, "default")]
        if rows and all(row.place in none for row in rows):
            before = np.mean([none[row.place].mel for row in rows])
            lines.append(
                f"- {name}, {files} files: none {before:.3f}, default {np.mean([row.mel for row in rows]):.3f} "
                f"({_change(rows, none)})"
            )
    return lines


def _commands(here: list[Cell]) -> list[str]:
    """Commands that reproduce these cells; corpora with the same settings share a line."""
    alike: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for name in sorted({cell.corpus for cell in here}):
        rows = [cell for cell in here if cell.corpus == name]
        files = tuple(map(str, sorted({cell.files for cell in rows})))
        seeds = tuple(map(str, sorted({cell.seed for cell in rows})))
        tried = {cell.variant for cell in rows}
        alike.setdefault((files, seeds, tuple(v for v in variants() if v in tried)), []).append(name)
    settings = ["--steps", str(here[0].steps), "--preset", here[0].preset]
    return [
        f"`scripts/bench/bench_augment.py --corpus {shlex.join(names)} --files {' '.join(files)} "
        f"--seeds {' '.join(seeds)} {' '.join(settings)} --only {shlex.join(tried)}`"
        for (files, seeds, tried), names in alike.items()
    ]


def _note(cells: list[Cell]) -> str:
    return (
        f"{len(cells)} trainings, codec format {FORMAT_VERSION}, one thread, torch {torch.__version__}; corpora are "
        "named by their folders; a seed chooses files and weights; ms a step is processor time, other work ran beside "
        f"it (load {os.getloadavg()[0]:.0f} when this was written); negative is better."
    )


if __name__ == "__main__":
    main()
