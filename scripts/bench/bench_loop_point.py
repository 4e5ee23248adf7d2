"""Measure the step in level where a loop begins again, before and after the operation `seamless`.

    python scripts/bench/bench_loop_point.py MODEL_FOLDER RECORDING [RECORDING ...] [--write]

Each recording is encoded and decoded, and the loop is 2 s from its middle (all of it, if it is shorter). The step is
the K-weighted level of the first 64 ms of the loop less that of the last 64 ms, as it is heard and saved: with the rest
of the strand around it. `--write` puts the table into docs/BENCHMARKS.md.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmark_page import put_section
from daemon.blending.computations import compute
from daemon.codec.codec import Codec
from daemon.codec.level import hop_levels_db
from daemon.edits.loop_point import END_FRAMES
from daemon.edits.operations import apply
from daemon.edits.values import Computation, grid_of, write
from daemon.workers.clips import read_clip
from protocol.columns import gains_db
from protocol.edits import parse_edit
from protocol.ranges import FrameRange
from protocol.strands import Strand, StrandMeta, as_encoded

LOOP_FRAMES = 94


def main() -> None:
    """Print the table. With --write it also goes into the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    codec = Codec.load(arguments.model)
    lines = ["| recording | step before dB | after dB | change of the loop's level dB |", "|---|---:|---:|---:|"]
    for path in arguments.recordings:
        before, loop = _loop(codec, path)
        after = _smoothed(codec, before, loop)
        (step, level), (left, new_level) = (_measured(codec, one, loop) for one in (before, after))
        lines.append(f"| {path.stem} | {step:+.1f} | {left:+.1f} | {new_level - level:+.1f} |")
    table = "\n".join(lines)
    print(table)
    if arguments.write:
        text = f"{table}\n\n`scripts/bench/bench_loop_point.py`, which defines the columns."
        put_section("bench_loop_point", "Level where a loop begins again", text)


def _loop(codec: Codec, path: Path) -> tuple[Strand, FrameRange]:
    config = codec.config
    encoded = codec.encode(read_clip(path, config.channels).audio)
    frames = encoded.codes.shape[1]
    first = max(0, (frames - LOOP_FRAMES) // 2)
    codes = encoded.codes
    meta = StrandMeta(
        name=path.stem, model="model", codec_id=codec.codec_id, levels=codes.shape[0], codebook=config.codebook_size,
        frames=codes.shape[1], samples=codes.shape[1] * config.hop_length, gain_db=encoded.gain_db,
    )  # fmt: skip
    return as_encoded(meta, codes), FrameRange(first, min(frames, first + LOOP_FRAMES))


def _smoothed(codec: Codec, strand: Strand, loop: FrameRange) -> Strand:
    step = apply(parse_edit(f"seamless {loop}"), grid_of("loop", strand), {}, {})
    while isinstance(step, Computation):
        step = step.finish(compute(codec, step.kind, step.settings, step.inputs))
    return write(strand, step.changes[0])


def _measured(codec: Codec, strand: Strand, loop: FrameRange) -> tuple[float, float]:
    """The step in level, and the level of the whole loop, both in dB."""
    sound = torch.from_numpy(np.atleast_2d(codec.decode(strand.codes, gain_db=gains_db(strand.columns))))
    levels = hop_levels_db(sound, codec.config.hop_length)[loop.index]
    return _mean_db(levels[:END_FRAMES]) - _mean_db(levels[-END_FRAMES:]), _mean_db(levels)


def _mean_db(levels_db: np.ndarray) -> float:
    return 10 * float(np.log10(np.mean(10 ** (levels_db / 10))))


if __name__ == "__main__":
    main()
