"""Measure the sounds that every engine makes at its defaults, beside the recordings that it learned from.

    python scripts/bench/bench_outputs.py HOME MODEL [MODEL ...] [--short] [--write]

For each finished model in the home folder HOME, `GROUPS` groups of `CLIPS` clips of 8 s are made by each engine, and
compared with the model's own decode of its training recordings (`scripts/bench/sound_distance.py`). Each group has
seeds of its own; the distance is the mean of the groups, with the smallest and the largest. The distance of clips cut
from the recordings themselves is beside them. Clips are also judged by the model's index of novelty. Gaps of half a
second in held-out recordings are filled, beside what was there and beside a piece of another recording. `--short`
takes one group, a third of the gaps and no verdicts. `--write` puts the tables into docs/BENCHMARKS.md. Two models take
12 minutes of a core, or 3 minutes with `--short`.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark_page import put_section
from daemon.codec.codec import Codec, Codes
from daemon.corpus.clips import open_parts
from daemon.corpus.records import load_corpus
from daemon.dsp.loudness import integrated_lufs
from daemon.generation.engines import Engines, Wanted
from daemon.generation.event_bank import EventBank
from daemon.generation.event_rendering import Renderer
from daemon.generation.material import Material
from daemon.generation.output import Output
from daemon.novelty.index import NoveltyIndex
from daemon.novelty.judging import Judge
from daemon.prior.card import read_card
from daemon.prior.prior import Prior
from daemon.runs.folder import read_run
from gap_filling import GAP_FRAMES, filled_gaps
from sound_distance import Reference, median_flux, mel_db, pulse

ENGINES = ("neural", "events", "collage")
GROUPS, CLIPS, SAMPLES, RATE = 3, 10, 384_000, 48_000
TEMPO_BPM = 120.0
GAPS, HITS = 30, 120
QUIET_DB, REST_FRAMES = 45.0, 25
"""A rest is a quarter of a second or more that is this far below the loudest moment of a sound."""
STILL = 0.25
"""A clip is one drone if its levels change less than this share of what they do in the recordings."""

Sound = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model with its engines, and the recordings it is compared with."""

    material: Material
    engines: Engines
    bank: EventBank
    judge: Judge
    train: list[Sound]
    held: list[Codes]
    reference: Reference
    held_distance: float
    flux: float
    pulse: float


def main() -> None:
    """Print rows as they are measured, then the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="measure this engine only")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    engines = tuple(arguments.engine or ENGINES)
    tables = [_table(arguments.home, name, engines, is_short=arguments.short) for name in arguments.models]
    text = "\n\n".join([*tables, "`scripts/bench/bench_outputs.py`, which defines the rows."])
    print(text)
    if arguments.write:
        put_section("bench_outputs", "How outputs sound beside the recordings", text)


def _table(home: Path, name: str, engines: tuple[str, ...], *, is_short: bool) -> str:
    """The rows of one model, a column for each engine, and the gaps below them."""
    began_s = time.process_time()
    model = opened(home, name)
    columns = dict[str, dict[str, str]]()
    for engine in engines:
        columns[engine] = {}
        for row, value in _measured(model, engine, is_short=is_short):
            columns[engine][row] = value
            print(f"{name}: {engine}: {row}: {value}", file=sys.stderr, flush=True)
    head = f"**{name}**: {len(model.train)} recordings of {model.material.seconds:.0f} s. Held-out recordings are"
    head += f" {model.held_distance:.2f} away from them; their flux is {model.flux:.2f} dB and their pulse"
    head += f" {model.pulse:.2f}. Ten clips cut from the recordings, strung together, are"
    head += f" {model.reference.distance(_strung(model.train)) / model.held_distance:.2f} of that distance away."
    rows = list(dict.fromkeys(row for engine in engines for row in columns[engine]))
    lines = [head, "", f"| | {' | '.join(engines)} |", f"|---|{'---|' * len(engines)}"]
    lines += [f"| {row} | {' | '.join(columns[engine].get(row, '') for engine in engines)} |" for row in rows]
    gaps = list(_gaps(model, GAPS // 3 if is_short else GAPS)) if "neural" in engines else []
    print(f"{name}: {time.process_time() - began_s:.0f} CPU-seconds", file=sys.stderr, flush=True)
    return "\n".join([*lines, *(["", *gaps] if gaps else [])])


def opened(home: Path, name: str) -> Model:
    """Load a model and all that its engines need."""
    folder = home / "models" / name
    codec, run, card = Codec.load(folder), read_run(folder), read_card(folder)
    assert run is not None and card is not None, f"{folder} has no finished run with a prior"
    material = Material.load(folder, codec)
    bank = EventBank.load(folder, codec, material.frames)
    clips = open_parts(load_corpus(home / "corpora" / run.corpus), run.plan.split.held_out, codec.config)
    held = [codec.encode(clip.sound()).codes for clip in clips]
    train = [mono(material.codec.decode(material.codes_of(take))) for take in material.takes]
    reference = Reference(train)
    return Model(
        material=material,
        engines=Engines(material, Prior.load(folder / "prior", codec), card.temperature, bank),
        bank=bank,
        judge=Judge(NoveltyIndex.load(folder, codec.codec_id)),
        train=train,
        held=held,
        reference=reference,
        held_distance=reference.distance([mono(codec.decode(codes)) for codes in held]),
        flux=median_flux(train),
        pulse=float(np.mean([pulse(sound) for sound in train if len(sound) > 2 * RATE])),
    )


def mono(sound: Sound) -> Sound:
    """The mean of a sound's channels."""
    return sound if sound.ndim == 1 else sound.mean(0)


def _measured(model: Model, engine: str, *, is_short: bool) -> Iterator[tuple[str, str]]:
    groups, outputs = list[list[Sound]](), list[Output]()
    began_s = time.process_time()
    for group in range(1 if is_short else GROUPS):
        seeds = range(CLIPS * group, CLIPS * (group + 1))
        made = model.engines.make(Wanted(samples=SAMPLES, engine=engine), seeds)
        groups.append([mono(output.audio) for output in made])
        outputs += made
    spent_s = time.process_time() - began_s
    sounds = [sound for group in groups for sound in group]
    far = [model.reference.distance(group) / model.held_distance for group in groups]
    yield "distance over held-out (≤ .4), smallest to largest", f"{np.mean(far):.2f}, {min(far):.2f}–{max(far):.2f}"
    yield "spread over the recordings': all, within a clip", _spread(model, sounds)
    most = "≤ 2 neural, else ≤ 1.2"
    yield f"median flux over the recordings' ({most})", f"{median_flux(sounds) / model.flux:.2f}"
    yield "pulse over the recordings'", f"{np.mean([pulse(sound) for sound in sounds]) / model.pulse:.2f}"
    yield f"a bar's likeness at {TEMPO_BPM:.0f} bpm over the recordings' pulse (≥ .9)", _at_tempo(model, engine)
    lufs = [integrated_lufs(output.audio) - model.material.lufs for output in outputs]
    yield "loudness less the recordings', dB: median, lowest, highest", _three(lufs)
    yield "share of rests; the recordings'", f"{_rests(sounds):.2f}; {_rests(model.train):.2f}"
    usual = float(np.median([_change(sound) for sound in model.train]))
    still = sum(_change(sound) < STILL * usual for sound in sounds)
    yield "clips that are silent, one drone", f"{sum(not sound.any() for sound in sounds)}, {still}"
    yield (
        "verbatim frames; CPU s a second",
        f"{np.mean([o.verbatim for o in outputs]):.2f}; {spent_s / len(sounds) / 8:.3f}",
    )
    if engine == "events":
        yield "single events that read copy: default (≤ .35), as recorded (≥ .9)", _hits(model)
    if not is_short:
        verdicts = Counter(model.judge.judge(output.audio).verdict for output in outputs)
        yield "clips that read copy, close, new", ", ".join(str(verdicts[one]) for one in ("copy", "close", "new"))


def _strung(sounds: list[Sound]) -> list[Sound]:
    """Ten clips of the recordings, one after another in an order by chance."""
    whole = np.concatenate([sounds[index] for index in np.random.default_rng(0).permutation(len(sounds))])
    count = max(1, min(CLIPS, len(whole) // SAMPLES))
    return [whole[SAMPLES * index : SAMPLES * (index + 1)] for index in range(count)]


def _spread(model: Model, sounds: list[Sound]) -> str:
    """Variance of the windows' features over that of the recordings', of all clips and of one clip on average."""
    rows = [model.reference.features([sound]) for sound in sounds]
    whole = model.reference.rows.var(0).sum()
    return f"{np.concatenate(rows).var(0).sum() / whole:.2f}, {np.mean([one.var(0).sum() for one in rows]) / whole:.2f}"


def _at_tempo(model: Model, engine: str) -> str:
    """Likeness of the flux to itself a bar later, at a wanted tempo."""
    if engine == "collage":
        return "–"
    alike = []
    for output in model.engines.make(Wanted(samples=SAMPLES, engine=engine, tempo=TEMPO_BPM), range(CLIPS)):
        alike.append(bar_likeness(mono(output.audio), TEMPO_BPM))
    return f"{np.mean(alike) / model.pulse:.2f}"


def bar_likeness(sound: Sound, tempo_bpm: float) -> float:
    """Autocorrelation of a sound's flux at the length of a bar."""
    levels = mel_db(sound)
    flux = np.maximum(0, levels[2:] - levels[:-2]).mean(1)
    flux = flux - flux.mean()
    lag = round(240 / tempo_bpm * 100)
    scale = len(flux) / (len(flux) - lag) / max(1e-9, float(flux @ flux))
    return max(float(flux[one:] @ flux[:-one]) * scale for one in (lag - 1, lag, lag + 1))


def _three(values: list[float]) -> str:
    return f"{np.median(values):+.1f}, {min(values):+.1f}, {max(values):+.1f}"


def _rests(sounds: list[Sound]) -> float:
    """Share of the time that belongs to a rest."""
    resting = total = 0
    for sound in sounds:
        loudest = 10 * np.log10((10 ** (mel_db(sound) / 10)).sum(1))
        quiet = np.append(loudest < loudest.max() - QUIET_DB, False)
        run = 0
        for is_quiet in quiet:
            if is_quiet:
                run += 1
                continue
            resting, run = resting + (run if run >= REST_FRAMES else 0), 0
        total += len(loudest)
    return resting / total


def _change(sound: Sound) -> float:
    """How much the levels of a sound's bands change over time, dB."""
    return float(mel_db(sound).std(0).mean())


def _hits(model: Model) -> str:
    """Share of events, rendered alone, that read copy at a quarter of a second: at the default newness, and at 0."""
    renderer, shares = Renderer(model.material, model.bank), list[str]()
    chosen = np.random.default_rng(0).choice(len(model.bank.events), min(HITS, len(model.bank.events)), replace=False)
    for newness, stretch in ((0.5, 2.0), (0.0, 1.0)):
        copies = heard = 0
        for event in chosen.tolist():
            recipe = renderer.recipe(event, stretch, newness, np.random.default_rng([1, event]))
            verdict = model.judge.judge(renderer.render(recipe).audio, windows="short").verdict
            copies, heard = copies + (verdict == "copy"), heard + (verdict != "silent")
        shares.append(f"{copies / max(1, heard):.2f}")
    return ", ".join(shares)


def _gaps(model: Model, count: int) -> Iterator[str]:
    """Rows of the gaps that were filled: by the engine, and by a random piece."""
    yield "| gaps of half a second | joins beyond the real ones (≤ .10): rise, change | mean spectrum, dB apart (≤ 6) |"
    yield "|---|---|---|"
    found = filled_gaps(model.engines, model.material, model.train, model.held, count)
    for way, gap in found.items():
        rise, change = gap.beyond
        row = f"| {way}, {gap.cases} gaps of {GAP_FRAMES} frames | {rise:+.2f}, {change:+.2f} | {gap.apart_db:.1f} |"
        print(row, file=sys.stderr, flush=True)
        yield row


if __name__ == "__main__":
    main()
