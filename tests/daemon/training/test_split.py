"""Held out means held out: by sound, and by what the recordings are copies of; where that cannot be, it is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.corpus.ingest import ingest
from daemon.corpus.records import Corpus, load_corpus
from daemon.runs.folder import ModelCard, read_log
from daemon.runs.reports import EvaluationReport, LogLine
from daemon.runs.spec import Split, TrainingSpec
from daemon.training.codec_run import train
from daemon.training.split import held_out_words, split_corpus

RATE = 48_000
Sound = np.ndarray


def notes(seconds: float, seed: int) -> Sound:
    """Decaying notes, two a second."""
    random = np.random.default_rng(seed)
    sound = 0.001 * random.standard_normal(int(seconds * RATE))
    for start in range(0, sound.size, RATE // 2):
        time_s = np.arange(sound.size - start) / RATE
        sound[start:] += 0.2 * np.sin(2 * np.pi * random.uniform(110, 880) * time_s) * np.exp(-3 * time_s)
    return sound.astype(np.float32)


def corpus_of(folder: Path, sounds: dict[str, Sound]) -> Corpus:
    (folder / "in").mkdir(parents=True)
    for name, sound in sounds.items():
        subtype = "MPEG_LAYER_III" if name.endswith("mp3") else "PCM_24"
        soundfile.write(folder / "in" / name, sound, RATE, subtype=subtype)
    assert not ingest([folder / "in"], folder / "corpus").errors
    return load_corpus(folder / "corpus")


def stretches(corpus: Corpus, split: Split, side: str) -> dict[str, list[tuple[int, int]]]:
    names = {record.sha256: Path(record.source).name for record in corpus.usable}
    found: dict[str, list[tuple[int, int]]] = {}
    for part in getattr(split, side):
        found.setdefault(names[part.sha256], []).append((part.start, part.stop))
    return found


def sounding_s(corpus: Corpus, split: Split, side: str) -> float:
    """Seconds of what lies on one side that are over -40 dBFS."""
    records = {record.sha256: record for record in corpus.usable}
    total = 0.0
    for part in getattr(split, side):
        sound = corpus.audio(records[part.sha256])[0, part.start : part.stop]
        hops = sound[: sound.size // 480 * 480].reshape(-1, 480)
        total += 0.01 * float((np.sqrt(np.square(hops).mean(1)) > 0.01).sum())
    return total


LAGS = {"loud.wav": 0, "half.wav": 0, "soft.wav": 0, "faint.wav": 0, "late.wav": 20_000, "cut.wav": -8 * RATE}


@pytest.mark.parametrize("seed", range(2))
def test_one_take_at_four_levels_as_mp3_and_cut_is_on_one_side(tmp_path: Path, seed: int) -> None:
    take = notes(20.0, 1)
    sounds = {
        **{name: gain * take for name, gain in zip(LAGS, (1.0, 0.5, 0.25, 0.1), strict=False)},
        "late.wav": np.concatenate([np.zeros(20_000, np.float32), take]),
        "cut.wav": take[8 * RATE : 16 * RATE],
        "take.mp3": 0.7 * take,
        "other.wav": notes(12.0, 2),
    }
    corpus = corpus_of(tmp_path, sounds)
    split = split_corpus(corpus, seed)
    assert split == split_corpus(corpus, seed) and split.kind == "in-recording"
    held, known = (stretches(corpus, split, side) for side in ("held_out", "train"))
    of_take = [(name, span) for name, spans in held.items() if name != "other.wav" for span in spans]
    assert len(of_take) == 1, "one stretch of the take is held out, and the same one of its copies left out"
    [(name, (start, stop))] = of_take
    # An MP3 begins up to 50 ms later than what it was made of.
    start, stop = (at - LAGS.get(name, 0) for at in (start, stop))
    for other, spans in known.items():
        if other == "other.wav":
            continue
        for lo, hi in spans:
            lag, slack = LAGS.get(other, 0), 4_800 if "take.mp3" in (name, other) else 0
            assert hi - lag <= start + slack or lo - lag >= stop - slack, (name, other)
    assert set(known) >= {"loud.wav", "half.wav", "soft.wav", "faint.wav", "late.wav", "take.mp3", "other.wav"}
    assert "copies of the same take" in held_out_words(split)


@pytest.mark.parametrize("seed", range(3))
def test_of_sparse_recordings_sound_is_held_out_and_sound_is_learned_from(tmp_path: Path, seed: int) -> None:
    sounds = dict[str, Sound]()
    for index in range(6):
        sound = np.zeros(30 * RATE, np.float32)
        for event, at in enumerate((7, 16, 25)):
            piece = notes(0.5, 10 * index + event)
            sound[(at - index) * RATE :][: piece.size] = piece
        sounds[f"{index}.wav"] = sound
    corpus = corpus_of(tmp_path, sounds)
    split = split_corpus(corpus, seed)
    held_s = sum(part.stop - part.start for part in split.held_out) / RATE
    assert held_s > 0 and sounding_s(corpus, split, "held_out") > 0.5 * held_s
    assert sounding_s(corpus, split, "train") > 4.0


def test_a_recording_that_begins_with_silence_is_listened_to_where_it_sounds(tmp_path: Path) -> None:
    sounds = {f"{i}.wav": np.concatenate([np.zeros(8 * RATE, np.float32), notes(2.0, i)]) for i in range(10)}
    split = split_corpus(corpus_of(tmp_path, sounds), 0)
    assert split.kind == "by file"
    assert all(6.5 * RATE < part.heard_at <= 8 * RATE for part in [*split.held_out, *split.train])


@pytest.mark.parametrize("seed", range(4))
def test_copies_of_whole_files_go_to_one_side(tmp_path: Path, seed: int) -> None:
    take, hiss = notes(3.0, 1), np.random.default_rng(5).standard_normal(3 * RATE)
    sounds = {f"other{i}.wav": notes(3.0, 10 + i) for i in range(8)}
    sounds |= {f"take{i}.wav": (1 - 0.3 * i) * take[1000 * i :] for i in range(3)}
    sounds["hush.wav"] = 3e-4 * hiss
    corpus = corpus_of(tmp_path, sounds)
    split = split_corpus(corpus, seed)
    held, known = (stretches(corpus, split, side) for side in ("held_out", "train"))
    assert split.kind == "by file" and len(held) == 2 and "hush.wav" not in held
    assert not {name[:5] for name in held if name.startswith("take")} & {name[:5] for name in known}


def test_many_copies_of_one_take_are_aligned(tmp_path: Path) -> None:
    take = notes(8.0, 1)
    corpus = corpus_of(tmp_path, {f"{i}.wav": (1 - 0.07 * i) * take for i in range(11)})
    split = split_corpus(corpus, 0)
    assert split.kind == "in-recording"
    [part] = split.held_out
    assert not [one for one in split.train if one.start < part.stop and one.stop > part.start]
    assert held_out_words(split).count("copies") == 2


def tiny(seed: int) -> dict[str, Sound]:
    sound = np.zeros(3 * RATE, np.float32)
    sound[RATE : RATE + RATE // 5] = 2 * notes(0.2, seed)
    return {"tiny.wav": sound}


def hits(seed: int) -> dict[str, Sound]:
    hit = notes(0.5, seed)
    return {f"{i}.wav": (0.9 - 0.1 * i) * hit for i in range(8)}


@pytest.mark.parametrize(("sounds", "why"), [(tiny, "is sound"), (hits, "copies of one another")])
def test_where_nothing_can_be_held_out_there_are_no_figures(
    tmp_path: Path, sounds: Callable[[int], dict[str, Sound]], why: str
) -> None:
    corpus_of(tmp_path, sounds(3))
    run = tmp_path / "run"
    result = train(TrainingSpec(steps=40, preset="toy", seed=1), tmp_path / "corpus", run)
    assert result.state == "finished" and result.held_out is None
    reports = read_log(run)
    said = [report.text for report in reports if isinstance(report, LogLine)]
    before = [report.text for report in reports[: [isinstance(r, LogLine) for r in reports].index(False)]]
    assert any("nothing is held out" in text and why in text for text in before)
    assert not any("mel " in text or "kept step" in text for text in said)
    evaluations = [report for report in reports if isinstance(report, EvaluationReport)]
    assert evaluations and all(report.mel is None and report.gap is None for report in evaluations)
    assert not any(report.is_best for report in evaluations[:-1])
    import msgspec

    card = msgspec.json.decode((run / "model.json").read_bytes(), type=ModelCard)
    assert (card.held_out, card.held_out_kind, card.memorisation) == (None, "none", "unknown")
    assert why in card.held_out_reason and soundfile.info(run / "previews" / "final.wav").frames > 0
