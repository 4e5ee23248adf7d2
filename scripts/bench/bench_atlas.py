"""Measure the reliability of an atlas: split-half reliability, and whether sure steps go the right way.

    .venv/bin/python scripts/bench/bench_atlas.py [--corpus DIR ...] [--steps 240] [--seed 0] [--cells 60]
        [--clear ERRORS] [--marked DEVIATIONS] [--dry-run]

For each corpus folder (default: scripts/demo) a codec is trained for `--steps` steps and its atlas measured on the
training recordings, as `allele train` does it. Then, on recordings the codec has not learned from (those the training
set aside), encoded by it:

**reliability**: per descriptor, the split-half reliability of the codes' order (daemon.atlas.table), its median over
levels, and on how many levels it reaches 0.8. On the others codes are unknown.

**one cell**: `--cells` random cells of every level go to the nearest code that is surely further, in both directions of
every descriptor (`Atlas.surely`, which `nudge` uses as a veto; scripts/bench/bench_edits.py measures nudges). The
frames around the cell (one on either side) are decoded before and after and described; a change with the requested sign
is right. "moved" is the share of cells for which there was a sure step.

**a range**: the same for 8 frames of all levels at once, as a musician would select them.

Signs are taken of any change, however small. Aim: at least 80 % right.

`--clear` and `--marked` try other bounds than those of daemon.atlas.table (docs/adr/0082); docs/BENCHMARKS.md is not
changed then.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from daemon.corpus.clips import open_parts

# OpenMP threads that wait actively slow down every core that others use too; must be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.atlas import table
from daemon.atlas.descriptors import DESCRIPTORS, describe
from daemon.atlas.model import measure_model
from daemon.atlas.table import RELIABLE, Atlas
from daemon.codec.codec import Codec
from daemon.corpus.ingest import ingest
from daemon.corpus.records import load_corpus
from daemon.runs.folder import read_run
from daemon.runs.spec import TrainingSpec
from daemon.training.codec_run import train

ROOT = Path(__file__).resolve().parents[2]
RANGE_FRAMES = 8
HEADER = (
    "| corpus | descriptor | reliability, median | levels ≥ 0.8 | one cell: moved | one cell: right | range: right |\n"
    "|---|---|---:|---:|---:|---:|---:|"
)
Codes = NDArray[np.uint16]


class Tally:
    """Steps tried, moved and right, by descriptor."""

    def __init__(self) -> None:
        self.tried, self.moved, self.right = (np.zeros(len(DESCRIPTORS), np.int64) for _ in range(3))

    def add(self, at: int, moved: bool, change: float) -> None:
        """Count one step; `change` is positive in the requested direction."""
        self.tried[at] += 1
        self.moved[at] += moved
        self.right[at] += moved and change > 0


def main() -> None:
    """Train, measure, step, print, and put the rows into docs/BENCHMARKS.md."""
    parser = argparse.ArgumentParser(description="How far an atlas can be trusted.")
    parser.add_argument("--corpus", type=Path, nargs="+", default=[ROOT / "scripts" / "demo"], help="folders of sounds")
    parser.add_argument("--steps", type=int, default=240, help="training steps")
    parser.add_argument("--seed", type=int, default=0, help="of training and of the choice of cells")
    parser.add_argument("--cells", type=int, default=60, help="cells tried on every level")
    parser.add_argument("--clear", type=float, default=table.CLEAR, help="standard errors between two codes")
    parser.add_argument("--marked", type=float, default=table.MARKED, help="least difference, in deviations of codes")
    parser.add_argument("--dry-run", action="store_true", help="do not change docs/BENCHMARKS.md")
    arguments = parser.parse_args()
    is_tried = (arguments.clear, arguments.marked) != (table.CLEAR, table.MARKED)
    table.CLEAR, table.MARKED = arguments.clear, arguments.marked
    lines, costs = [HEADER], list[str]()
    for corpus in arguments.corpus:
        rows, cost = _bench(corpus, arguments.steps, arguments.seed, arguments.cells)
        lines += rows
        costs.append(cost)
        print("\n".join([HEADER, *rows, cost]), flush=True)
    settings = f"{arguments.steps} training steps, seed {arguments.seed}, {arguments.cells} cells of every level"
    words = f"{settings}; {'; '.join(costs)}; "
    if not (arguments.dry_run or is_tried):
        text = "\n".join([*lines, "", f"{words}`scripts/bench/bench_atlas.py`."])
        put_section("bench_atlas", "The atlas: what codes do, and whether sure steps do it", text)


def _bench(source: Path, steps: int, seed: int, cells: int) -> tuple[list[str], str]:
    with tempfile.TemporaryDirectory() as scratch:
        corpus_dir, run_dir = Path(scratch) / "corpus", Path(scratch) / "model"
        ingest([source], corpus_dir)
        train(TrainingSpec(steps=steps, seed=seed), corpus_dir, run_dir)
        began, used = time.monotonic(), time.process_time()
        atlas = measure_model(run_dir, corpus_dir, say=print)
        cost = f"{source.name}: atlas in {time.monotonic() - began:.0f} s, {time.process_time() - used:.0f} s of CPU"
        run, codec = read_run(run_dir), Codec.load(run_dir)
        assert run is not None
        assert atlas is not None
        clips = open_parts(load_corpus(corpus_dir), run.plan.split.held_out, codec.config)
        grids = [codec.encode(np.ascontiguousarray(clip.mono())).codes for clip in clips]
    random = np.random.default_rng([seed, 0xBE7C])
    single, ranged = Tally(), Tally()
    places = _loud_places(codec, [grid for grid in grids if grid.shape[1] > RANGE_FRAMES + 2], cells, random)
    for grid, frame in places:
        for level in range(grid.shape[0]):
            _try(codec, atlas, grid, range(level, level + 1), (frame, frame + 1), single)
        _try(codec, atlas, grid, range(grid.shape[0]), (frame, min(grid.shape[1] - 1, frame + RANGE_FRAMES)), ranged)
    return _rows(source.name, atlas, single, ranged), cost


def _loud_places(codec: Codec, grids: list[Codes], count: int, random: np.random.Generator) -> list[tuple[Codes, int]]:
    """Random frames of all strands that are not silent, since descriptors of silence mean nothing."""
    hop, found = codec.config.hop_length, list[tuple[Codes, int]]()
    for grid in grids:
        level = np.square(codec.decode(grid)).reshape(-1, hop).mean(1)
        found += [(grid, frame) for frame in range(1, grid.shape[1] - 2) if level[frame] > 1e-5]
    return [found[index] for index in random.permutation(len(found))[:count]]


def _try(codec: Codec, atlas: Atlas, grid: Codes, levels: range, frames: tuple[int, int], tally: Tally) -> None:
    """Step some cells in every direction, and count whether the decoded descriptor changed as requested."""
    (lo, hi), top = frames, levels.start
    mine = grid[top : levels.stop, lo:hi]
    changed: list[tuple[int, int, Codes]] = []
    for at, descriptor in enumerate(atlas.descriptors):
        for sign in (1, -1):
            after = _sure_step(codec, atlas, mine, top, descriptor, sign)
            if np.array_equal(after, mine):
                tally.add(at, False, 0.0)
                continue
            whole = grid.copy()
            whole[top : levels.stop, lo:hi] = after
            changed.append((at, sign, whole))
    measured = _measure(codec, [grid, *(whole for _, _, whole in changed)], lo - 1, hi + 1)
    for (at, sign, _), row in zip(changed, measured[1:], strict=True):
        tally.add(at, True, sign * float(row[at] - measured[0][at]))


def _sure_step(codec: Codec, atlas: Atlas, codes: Codes, top: int, descriptor: str, sign: int) -> Codes:
    """Move each cell to the nearest of the codes that the atlas holds for surely further in a direction."""
    after = codes.copy()
    for row, level in enumerate(range(top, top + len(codes))):
        vectors = codec.codebook_vectors(level)
        for code in np.unique(codes[row]).tolist():
            further = np.flatnonzero(atlas.surely(level, code, descriptor, sign))
            if further.size:
                nearest = further[np.square(vectors[further] - vectors[code]).sum(1).argmin()]
                after[row, codes[row] == code] = nearest
    return after


def _measure(codec: Codec, grids: list[Codes], lo: int, hi: int) -> NDArray[np.float32]:
    """Descriptors (n, A) of frames [lo, hi) of grids that are the same elsewhere, decoded with the whole margin."""
    margin, hop = codec.config.margin_frames, codec.config.hop_length
    first, past = max(0, lo - margin), min(grids[0].shape[1], hi + margin)
    latents = torch.from_numpy(np.stack([codec.dequantize(grid[:, first:past]) for grid in grids]))
    audio = codec.decode_latents(latents)[:, (lo - first) * hop : (hi - first) * hop]
    return describe(audio).cpu().numpy()


def _rows(name: str, atlas: Atlas, single: Tally, ranged: Tally) -> list[str]:
    rows: list[str] = []
    levels = atlas.shape[0]
    for at, descriptor in enumerate(atlas.descriptors):
        column = atlas.reliability[:, at]
        reliable = int((column >= RELIABLE).sum())
        moved = single.moved[at] / max(1, single.tried[at])
        cells = [f"{np.median(column):.2f}", f"{reliable} of {levels}", f"{moved:.0%}"]
        rows.append(f"| {name} | {descriptor} | {' | '.join(cells)} | {_share(single, at)} | {_share(ranged, at)} |")
    right, of = single.right.sum() / max(1, single.moved.sum()), ranged.right.sum() / max(1, ranged.moved.sum())
    moved = single.moved.sum() / single.tried.sum()
    rows.append(f"| {name} | **all** | | | {moved:.0%} | **{right:.0%}** of {single.moved.sum()} | **{of:.0%}** |")
    return rows


def _share(tally: Tally, at: int) -> str:
    return f"{tally.right[at] / tally.moved[at]:.0%}" if tally.moved[at] else "none"


if __name__ == "__main__":
    main()
