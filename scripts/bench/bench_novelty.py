"""Measure what novelty says of copies, of recordings that a model has not learned, and of scrambled codes.

    python scripts/bench/bench_novelty.py MODEL_FOLDER CORPUS_FOLDER [--folds 5] [--crops 40] [--write]

The recordings of the model are divided into folds. The index is made without one fold and judges its recordings, and
the model's held-out ones: none is in the index. A recording that is nearly equal to one of another fold reads copy,
rightly; `nearest` names it. With the whole index, crops of the recordings are judged, at any offset and gain: as they
are, as MP3, as Ogg Vorbis, and decoded from their codes. Scrambled codes are a recording's codes, each level in another
order. The model's folder needs its material (allele model atlas). `--write` puts the table into docs/BENCHMARKS.md.
"""

import argparse
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip, Part, open_parts
from daemon.corpus.records import load_corpus
from daemon.generation.material import Material
from daemon.novelty.judging import Judge
from daemon.novelty.making import make_index
from daemon.novelty.verbatim import lossy, through
from daemon.runs.folder import read_run

RATE = 48_000
Sound = NDArray[np.float32]


def main() -> None:
    """Print the table of a model. With --write it also goes into the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--crops", type=int, default=40)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    bench = Bench(arguments.model, arguments.corpus)
    lines = [
        f"{arguments.corpus.name}: {len(bench.material.takes)} recordings, {bench.material.seconds:.0f} s",
        "",
        "| what | judged | copy | close | new | shares of copy, mean |",
        "|---|---:|---:|---:|---:|---:|",
        *bench.unlearned(arguments.folds),
        *bench.copies(arguments.crops),
    ]
    text = "\n".join([*lines, "", *bench.remarks, "", "`scripts/bench/bench_novelty.py`, which defines the rows."])
    print(text)
    if arguments.write:
        put_section(f"bench_novelty {arguments.corpus.name}", f"Novelty: {arguments.corpus.name}", text)


class Bench:
    """One model with its recordings."""

    def __init__(self, model: Path, corpus: Path) -> None:
        self.codec = Codec.load(model)
        self.material = Material.load(model, self.codec)
        run = read_run(model)
        assert run is not None
        opened = load_corpus(corpus)
        self.parts: list[Part] = run.plan.split.train
        self.clips: list[Clip] = open_parts(opened, self.parts, self.codec.config)
        self.held_out: list[Clip] = open_parts(opened, run.plan.split.held_out, self.codec.config)
        self.remarks: list[str] = []

    def judge(self, material: Material) -> Judge:
        """A judge by an index of the material."""
        index = make_index(self.codec, material, (self.clips, self.parts), self.held_out)
        assert index is not None
        return Judge(index)

    def unlearned(self, folds: int) -> list[str]:
        """Rows of recordings that are not in the index, as they are and decoded from their codes."""
        rows: dict[str, list[tuple[str, float]]] = {"unlearned recordings": [], "the same, decoded": []}
        named: list[str] = []
        for fold in range(folds):
            inside = [take for number, take in enumerate(self.material.takes) if number % folds != fold]
            outside = [take for number, take in enumerate(self.material.takes) if number % folds == fold]
            judge = self.judge(Material(self.codec, inside, self.material.codes, self.material.described))
            clips = {(part.sha256, part.start): clip for part, clip in zip(self.parts, self.clips, strict=True)}
            sounds = [(take.name, clips[take.sha256, take.start].sound()) for take in outside]
            if not fold:
                sounds += [(clip.name, clip.sound()) for clip in self.held_out]
            for name, sound in sounds:
                for row, heard in (("unlearned recordings", sound), ("the same, decoded", through(self.codec, sound))):
                    found = judge.judge(heard)
                    rows[row].append((found.verdict, found.overlap))
                    if found.verdict == "copy":
                        what = "" if row == "unlearned recordings" else " (decoded)"
                        named.append(f"{Path(name).stem}{what}: {Path(found.nearest).stem}, {found.distance_db:.1f} dB")
        self.remarks.append(f"Unlearned recordings that read copy: {'; '.join(named) or 'none'}.")
        return [_row(name, judged) for name, judged in rows.items()]

    def copies(self, count: int) -> list[str]:
        """Rows of crops and of scrambled codes, by the whole index."""
        began_s = time.perf_counter()
        judge = self.judge(self.material)
        self.remarks.append(f"The whole index took {time.perf_counter() - began_s:.0f} s to make on one thread.")
        rows: dict[str, list[tuple[str, float]]] = {}
        for name, least_s, most_s in (("crops of 1.2 to 3 s", 1.2, 3.0), ("crops of .3 to .9 s", 0.3, 0.9)):
            random = np.random.default_rng(7)
            for _ in range(count):
                crop = self._crop(random, least_s, most_s)
                kinds = {"": crop, ", MP3": lossy(crop, 0), ", Ogg": lossy(crop, 1)}
                kinds[", encoded and decoded"] = through(self.codec, crop)
                for kind, sound in kinds.items():
                    found = judge.judge(sound)
                    rows.setdefault(name + kind, []).append((found.verdict, found.overlap))
        rows["scrambled codes"] = [self._scrambled(judge, number) for number in range(count)]
        ten_s = np.concatenate([clip.sound() for clip in self.clips], -1)[..., : 10 * RATE]
        began_s = time.perf_counter()
        judge.judge(ten_s)
        self.remarks.append(f"10 s of sound took {time.perf_counter() - began_s:.2f} s to judge on one thread.")
        return [_row(name, judged) for name, judged in rows.items()]

    def _crop(self, random: np.random.Generator, least_s: float, most_s: float) -> Sound:
        while True:
            sound = self.clips[int(random.integers(len(self.clips)))].sound()
            length = int(random.uniform(least_s, most_s) * RATE)
            if sound.shape[-1] < length:
                continue
            at = int(random.integers(0, sound.shape[-1] - length + 1))
            crop = np.ascontiguousarray(sound[..., at : at + length])
            if np.sqrt(np.mean(np.square(crop))) > 1e-3:
                return crop * np.float32(10 ** (random.uniform(-18, 6) / 20))

    def _scrambled(self, judge: Judge, number: int) -> tuple[str, float]:
        random = np.random.default_rng(number)
        first = int(random.integers(max(1, self.material.frames - 200)))
        codes = self.material.codes[:, first : first + 200].copy()
        for level in codes:
            random.shuffle(level)
        found = judge.judge(self.codec.decode(codes))
        return found.verdict, found.overlap


def _row(name: str, judged: list[tuple[str, float]]) -> str:
    counts = Counter(verdict for verdict, _ in judged)
    mean = float(np.mean([overlap for _, overlap in judged]))
    return f"| {name} | {len(judged)} | {counts['copy']} | {counts['close']} | {counts['new']} | {mean:.2f} |"


if __name__ == "__main__":
    main()
