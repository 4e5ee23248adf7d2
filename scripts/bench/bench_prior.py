"""Measure held-out bits a frame of a prior beside Markov models, and without each of its parts.

    python scripts/bench/bench_prior.py HOME MODEL [MODEL ...] [--seconds 60] [--write]

For each finished model in the home folder HOME, a prior is trained on its training recordings for `--seconds` CPU
seconds on one thread, and scored on the recordings that the codec held out. Lower is better. Rows **no offsets**,
**free head** and **no chain** are trained again without that part; **no copies** is the network of the whole. The
baselines choose their smoothing on the held-out recordings themselves (`scripts/bench/markov.py`). `--write` puts the
table into docs/BENCHMARKS.md. Two models take 10 minutes of a core.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from msgspec.structs import replace

from benchmark_page import put_section
from daemon.codec.codec import Codec
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.prior.conditions import CONDITIONS
from daemon.prior.config import PriorConfig, config_for
from daemon.prior.network import PriorNetwork
from daemon.prior.plan import PriorPlan, PriorRecipe
from daemon.prior.prior import Prior, PriorModel
from daemon.prior.recordings import Recording, encode_clips
from daemon.prior.sampling import Sampling, sample
from daemon.prior.steps import PriorSteps
from daemon.runs.folder import read_run
from markov import baselines

TARGETS = {"back-off": 0.80, "back-off + own past": 0.90}
SPEED_FRAMES = 375


class _FreeHead(PriorNetwork):
    """Logits that know nothing of the codec's vectors, at full rank."""

    def __init__(self, config: PriorConfig, dropout: float = 0.0) -> None:
        super().__init__(replace(config, rank=config.width), dropout)
        self.tied.requires_grad_(False)


class _NoChain(PriorNetwork):
    """Levels of a frame that do not see one another."""

    def __init__(self, config: PriorConfig, dropout: float = 0.0) -> None:
        super().__init__(config, dropout)
        self.coarse.data.zero_()
        self.coarse.requires_grad_(False)


def _with(network: type[PriorNetwork]) -> Callable[[PriorConfig, float], PriorModel]:
    def make(config: PriorConfig, dropout: float) -> PriorModel:
        model = PriorModel(config, dropout)
        model.network = network(config, dropout)
        return model

    return make


def main() -> None:
    """Print a table for each model, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    columns = {name: _measured(arguments.home, name, arguments.seconds) for name in arguments.models}
    table = _table(columns, arguments.seconds)
    print(table)
    if arguments.write:
        put_section("bench_prior", "Prior: held-out bits a frame", table)


def _measured(home: Path, name: str, seconds: float) -> dict[str, str]:
    folder = home / "models" / name
    codec, run = Codec.load(folder), read_run(folder)
    assert run is not None, f"{folder} has no run.json"
    corpus = load_corpus(home / "corpora" / run.corpus)
    train = encode_clips(codec, open_parts(corpus, run.plan.split.train, codec.config))
    held = encode_clips(codec, open_parts(corpus, run.plan.split.held_out, codec.config), offsets=1)
    frames = sum(recording.frames for recording in train)
    train = [_unconditioned(recording) for recording in train]
    plan = PriorPlan(
        codec_id=codec.codec_id,
        codec=codec.config,
        prior=config_for(codec.config, frames, len(CONDITIONS)),
        recipe=PriorRecipe(),
        split=run.plan.split,
        frames=frames,
    )
    rows = {"levels × codes, frames, held out": _size(plan, sum(recording.frames for recording in held))}
    known = baselines(train, held, codec.config.codebook_size)
    rows |= {name: f"{bits:.1f}" for name, bits in known.items()}
    prior = _trained(plan, codec, train, seconds)
    whole, network = _bits(prior, held)
    rows["**prior**"] = f"**{whole:.1f}**"
    rows |= {f"prior / {name}": f"{whole / known[name]:.2f} (≤ {most:.2f})" for name, most in TARGETS.items()}
    rows["no copies"] = f"{network:.1f}"
    plain = [Recording(name=one.name, grids=one.grids[:1], conditions=one.conditions) for one in train]
    rows["no offsets"] = "{:.1f}, no copies {:.1f}".format(*_bits(_trained(plan, codec, plain, seconds), held))
    for word, variant in (("free head", _FreeHead), ("no chain", _NoChain)):
        made = _trained(plan, codec, train, seconds, make=_with(variant))
        rows[word] = "{:.1f}, no copies {:.1f}".format(*_bits(made, held))
    rows["sampling, × real time: one, four at once"] = ", ".join(f"{_speed(prior, codec, n):.1f}" for n in (1, 4))
    return rows


def _trained(
    plan: PriorPlan,
    codec: Codec,
    recordings: list[Recording],
    seconds: float,
    make: Callable[[PriorConfig, float], PriorModel] = PriorModel,
) -> Prior:
    steps = PriorSteps(plan, codec, recordings, 0, torch.device("cpu"), make=make)
    began_s = time.process_time()
    while (share := (time.process_time() - began_s) / seconds) < 1:
        steps.step(share)
    return Prior(steps.averaged, codec.codec_id)


def _bits(prior: Prior, held: list[Recording]) -> tuple[float, float]:
    pairs = [prior.bits(recording.grids[0]) for recording in held]
    frames = sum(recording.frames for recording in held)
    return sum(float(whole.sum()) for whole, _ in pairs) / frames, sum(float(net.sum()) for _, net in pairs) / frames


def _speed(prior: Prior, codec: Codec, count: int) -> float:
    began_s = time.process_time()
    sample(prior, SPEED_FRAMES, range(count), Sampling())
    return count * SPEED_FRAMES / codec.frame_rate / (time.process_time() - began_s)


def _unconditioned(recording: Recording) -> Recording:
    """The same recording, whose conditions are all absent."""
    absent = np.full_like(recording.conditions, np.nan)
    return Recording(name=recording.name, grids=recording.grids, conditions=absent)


def _size(plan: PriorPlan, held: int) -> str:
    return f"{plan.prior.levels} × {plan.prior.codebook_size}, {plan.frames}, {held}"


def _table(columns: dict[str, dict[str, str]], seconds: float) -> str:
    names = list(columns)
    lines = [f"Held-out bits a frame after {seconds:.0f} CPU-seconds. `scripts/bench/bench_prior.py`.", ""]
    lines += [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    lines += [f"| {row} | {' | '.join(columns[name][row] for name in names)} |" for row in columns[names[0]]]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
