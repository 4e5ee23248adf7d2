"""Training as a whole: repeatable, resumable after a kill, stoppable, honest about its figures."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from msgspec.structs import replace
from safetensors.torch import load_file

from daemon.codec.codec import Codec
from daemon.corpus.errors import CorpusError
from daemon.corpus.ingest import ingest
from daemon.corpus.records import load_corpus
from daemon.runs.checkpoint import load_newest
from daemon.runs.clock import DEFAULT_BUDGET_S
from daemon.runs.errors import TrainingError
from daemon.runs.folder import read_log, read_run
from daemon.runs.reports import Control, EvaluationReport, LogLine, Report, StepReport
from daemon.runs.spec import Plan, TrainingSpec
from daemon.training.beginning import begin
from daemon.training.codec_run import train
from daemon.training.evaluation import round_trip
from daemon.training.sizing import make_plan

CHILD = """
import sys, torch
from pathlib import Path
from daemon.training.codec_run import train
from daemon.runs.reports import EvaluationReport, StepReport
from daemon.runs.spec import TrainingSpec
torch.set_num_threads(1)
def report(r):
    if isinstance(r, StepReport | EvaluationReport):
        print(type(r).__name__, r.step, flush=True)
train(TrainingSpec(steps=int(sys.argv[3]), preset="toy", seed=5), Path(sys.argv[1]), Path(sys.argv[2]), report=report)
"""


def toy(steps: int, **wish: object) -> TrainingSpec:
    return TrainingSpec(steps=steps, preset="toy", seed=5, **wish)


def totals(reports: list[Report]) -> dict[int, float]:
    return {r.step: r.losses["total"] for r in reports if isinstance(r, StepReport)}


def test_finished_run_is_a_model_folder(toy_run: Path, tone_corpus: Path) -> None:
    card = json.loads((toy_run / "model.json").read_text())
    codec = Codec.load(toy_run, "cpu")
    assert card["codec_id"] == codec.codec_id
    assert (card["model"], card["steps"], card["levels"], card["codebook"]) == ("toy", 60, 2, 16)
    assert (card["sample_rate"], card["hop_length"], card["frame_rate"]) == (48_000, 1024, 46.875)
    assert card["corpus"] == tone_corpus.name and "prior" not in card
    assert set(card["held_out"]) == {"mel", "stft", "sisdr_db"} and len(card["utilisation"]) == 2
    assert min(card["utilisation"]) >= 0.7
    run = read_run(toy_run)
    assert run is not None and run.state == "finished"
    held = {part.sha256 for part in run.plan.split.held_out}
    assert len(held) == 2 and not held & {part.sha256 for part in run.plan.split.train}


def test_reports_tell_everything(toy_run: Path) -> None:
    reports = read_log(toy_run)
    steps = [r for r in reports if isinstance(r, StepReport)]
    assert [r.step for r in steps] == list(range(1, 61))
    assert {"total", "mel", "stft", "wave", "commitment"} <= set(steps[-1].losses)
    assert steps[-1].grad_norm > 0 and steps[-1].memory_mib > 50 and steps[-1].examples_per_s > 0
    assert np.mean([r.losses["mel"] for r in steps[-5:]]) < 0.9 * np.mean([r.losses["mel"] for r in steps[:5]])
    evaluation = [r for r in reports if isinstance(r, EvaluationReport)][-1]
    assert len(evaluation.levels) == 2 and all(level.perplexity > 1 for level in evaluation.levels)
    assert {level.health for level in evaluation.levels} <= {"healthy", "thin", "collapsing"}
    assert evaluation.levels[1].commitment < evaluation.levels[0].commitment < 1
    source, preview = (soundfile.info(toy_run / path) for path in (evaluation.source, evaluation.preview))
    assert (preview.samplerate, preview.frames) == (48_000, source.frames) and 0.5 < preview.duration <= 4.0
    assert len({r.source for r in reports if isinstance(r, EvaluationReport)}) == 1
    assert all((toy_run / r.preview).exists() for r in reports if isinstance(r, EvaluationReport))
    texts = [r.text for r in reports if isinstance(r, LogLine)]
    assert any("2 levels × 16 codes" in text for text in texts)


def test_same_seed_same_steps_same_codec(tone_corpus: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = train(toy(8), tone_corpus, tmp_path / "a")
    torch.manual_seed(2)
    second = train(toy(8), tone_corpus, tmp_path / "b")
    other = train(TrainingSpec(steps=8, preset="toy", seed=6), tone_corpus, tmp_path / "c")
    assert totals(read_log(tmp_path / "a")) == totals(read_log(tmp_path / "b"))
    assert first.codec_id == second.codec_id != other.codec_id


def test_killed_run_resumes_and_its_curve_goes_on(tone_corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "killed"
    command = [sys.executable, "-c", CHILD, str(tone_corpus), str(run), "30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.split() == ["StepReport", "22"]:  # after the checkpoint of step 20
                break
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert not (run / "model.json").exists()
    with (run / "log.jsonl").open("a") as log:
        log.write('{"type":"step","ste')  # torn
    torn = run / "checkpoints" / "step-00000099"
    shutil.copytree(run / "checkpoints" / "step-00000020", torn)
    (torn / "model.safetensors").write_bytes(b"torn")
    said: list[Report] = []
    result = train(toy(30, resume=True), tone_corpus, run, report=said.append)
    assert result.state == "finished" and result.steps == 30
    assert not torn.exists()
    assert any(isinstance(r, LogLine) and r.text == "resumed at step 20" for r in said)
    whole = tmp_path / "whole"
    train(toy(30), tone_corpus, whole)
    expected, resumed = totals(read_log(whole)), totals(read_log(run))
    assert sorted(resumed) == list(range(1, 31))
    # The same crops, moments and random state: the curve does not merely continue, it is the same one.
    assert [resumed[s] for s in range(21, 31)] == pytest.approx([expected[s] for s in range(21, 31)], rel=1e-4)
    assert all(json.loads(line) for line in (run / "log.jsonl").read_text().splitlines())


def at_step(step: int, wish: Control) -> tuple[Callable[[Report], None], Callable[[], Control]]:
    """Report and control of a run that is asked something once so many steps are done."""
    newest = 0

    def report(what: Report) -> None:
        nonlocal newest
        newest = what.step if isinstance(what, StepReport) else newest

    return report, lambda: wish if newest >= step else Control.GO


def test_stop_keeps_a_checkpoint_that_resume_goes_on_from(tone_corpus: Path, tmp_path: Path) -> None:
    report, control = at_step(6, Control.STOP)
    result = train(toy(50), tone_corpus, tmp_path / "run", report=report, control=control)
    assert (result.state, result.steps) == ("stopped", 6)
    run = read_run(tmp_path / "run")
    assert run is not None and run.state == "stopped"
    resumed = train(toy(9, resume=True), tone_corpus, tmp_path / "run")
    assert (resumed.state, resumed.steps) == ("finished", 9)
    assert any(isinstance(r, LogLine) and r.text == "resumed at step 6" for r in read_log(tmp_path / "run"))
    assert resumed.seconds > result.seconds


def test_a_resumed_run_is_judged_at_the_same_steps(tone_corpus: Path, tmp_path: Path) -> None:
    """Evaluations repair codebooks and choose what is kept: at other steps it would be another run."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    report, control = at_step(23, Control.STOP)
    train(toy(40), tone_corpus, whole)
    train(toy(40), tone_corpus, parts, report=report, control=control)
    train(toy(40, resume=True), tone_corpus, parts)
    judged = [[r.step for r in read_log(run) if isinstance(r, EvaluationReport)] for run in (whole, parts)]
    assert judged[0] == judged[1] == [20, 40, 40]


def test_a_long_run_is_kept_before_it_has_codes(
    tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first twentieth of ten hours is half an hour of work that a kill must not take."""
    monkeypatch.setattr("daemon.runs.clock.LONGEST_INTERVAL_S", 0.2)
    run, (report, control) = tmp_path / "run", at_step(12, Control.STOP)
    kept: list[int] = []

    def watch(what: Report) -> None:
        report(what)
        kept.extend(int(path.name[5:]) for path in (run / "checkpoints").glob("step-*"))

    train(TrainingSpec(budget_s=36_000, preset="toy"), tone_corpus, run, report=watch, control=control)
    assert kept and 0 < min(kept) < 12
    assert not any(isinstance(r, EvaluationReport) for r in read_log(run))
    newest = load_newest(run / "checkpoints")
    assert newest is not None and newest.progress.step == 12 and not newest.progress.is_ready


def test_even_one_step_makes_codes_that_are_placed(tone_corpus: Path, tmp_path: Path) -> None:
    """Codebooks left as chance made them use next to none of their codes."""
    result = train(toy(1), tone_corpus, tmp_path / "run")
    assert result.steps == 1 and min(result.utilisation) >= 0.7
    assert load_newest(tmp_path / "run" / "checkpoints").progress.is_ready  # pyright: ignore


def test_more_codes_than_frames_are_refused_before_a_step(tone_corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="60000 codes a level cannot be filled by") as refusal:
        train(toy(5, codebook=60_000), tone_corpus, tmp_path / "run")
    assert "smaller --codebook" in refusal.value.hint and not (tmp_path / "run").exists()


def test_no_budget_is_ten_minutes_also_for_the_plan(tone_corpus: Path, tmp_path: Path) -> None:
    """On an accelerator the size follows from the time there is."""
    begun, _ = begin(TrainingSpec(), load_corpus(tone_corpus), tmp_path / "run", is_gpu=True)
    assert begun.spec.budget_s == DEFAULT_BUDGET_S
    counted, _ = begin(TrainingSpec(steps=9), load_corpus(tone_corpus), tmp_path / "run", is_gpu=True)
    assert counted.spec.budget_s is None


def test_what_was_decided_at_the_beginning_is_not_silently_ignored(tone_corpus: Path, tmp_path: Path) -> None:
    report, control = at_step(3, Control.STOP)
    train(toy(8), tone_corpus, tmp_path / "run", report=report, control=control)
    told: list[Report] = []
    asked = toy(8, levels=3, adversarial=True, resume=True)
    train(asked, tone_corpus, tmp_path / "run", report=told.append)
    said = [line.text for line in told if isinstance(line, LogLine)]
    assert "levels, adversary: fixed when this run began, so the new value is ignored" in said
    assert Codec.load(tmp_path / "run").config.levels == 2


@pytest.mark.parametrize("step", [0, 30], ids=["before the codebooks are placed", "after an evaluation"])
def test_keep_ends_now_with_a_usable_model_that_says_so(tone_corpus: Path, tmp_path: Path, step: int) -> None:
    report, control = at_step(step, Control.KEEP)
    result = train(toy(100), tone_corpus, tmp_path / "run", report=report, control=control)
    assert (result.state, result.steps) == ("finished", max(1, step))
    card = json.loads((tmp_path / "run" / "model.json").read_text())
    assert card["ended"] == f"stopped by hand at step {max(1, step)}, {max(1, step)}% of the way"
    sound = np.sin(np.arange(48_000) / 20).astype(np.float32)
    assert round_trip(Codec.load(tmp_path / "run", "cpu"), sound).shape == sound.shape
    texts = [r.text for r in read_log(tmp_path / "run") if isinstance(r, LogLine)]
    assert any(text.startswith(card["ended"]) for text in texts)


def test_an_early_end_is_taken_back_by_another_budget_and_by_nothing_else(
    tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was about to end early is stopped: resumed with more time (or steps) it takes it, otherwise not."""

    def impatient(*wish: Any, **more: Any) -> tuple[Plan, list[str]]:
        plan, words = make_plan(*wish, **more)
        return replace(plan, recipe=replace(plan.recipe, patience=0, continuous_share=0.0)), words

    monkeypatch.setattr("daemon.training.beginning.make_plan", impatient)
    monkeypatch.setattr("daemon.runs.clock.EVALUATIONS", 600)
    monkeypatch.setattr("daemon.runs.patience.END_SHARE", 5.0)  # of few seconds spent: the end phase itself
    run, said = tmp_path / "run", list[Report]()

    def control() -> Control:
        told = any(isinstance(r, LogLine) and " early: " in r.text for r in said)
        return Control.STOP if told else Control.GO

    spec = TrainingSpec(budget_s=120.0, preset="toy", seed=5)
    assert train(spec, tone_corpus, run, report=said.append, control=control).state == "stopped"
    stopped_at = max(r.step for r in said if isinstance(r, StepReport))
    for name, wish, ends_early in [
        ("as it was", {}, True),
        ("the same budget", {"budget_s": 120.0}, True),
        ("more time", {"budget_s": 900.0}, False),
        ("steps", {"steps": 5000}, False),
    ]:
        again = tmp_path / name
        shutil.copytree(run, again)
        report, control = at_step(stopped_at + 1, Control.STOP)
        train(TrainingSpec(preset="toy", resume=True, **wish), tone_corpus, again, report=report, control=control)
        kept = load_newest(again / "checkpoints")
        assert kept is not None
        progress, last = kept.progress, [r for r in read_log(again) if isinstance(r, StepReport)][-1]
        assert [bool(progress.ends_at_s), bool(progress.ended_early)] == [ends_early, ends_early], name
        if "budget_s" in wish or not wish:
            assert (last.eta_s < 100) == ends_early, name
        assert ends_early or progress.stalled == 0


def test_budget_is_wall_clock(tone_corpus: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    result = train(TrainingSpec(budget_s=6.0, preset="toy"), tone_corpus, tmp_path / "run")
    assert result.state == "finished"
    assert 3.0 < result.seconds < 8.0
    assert time.monotonic() - began < result.seconds + 4
    steps = [r for r in read_log(tmp_path / "run") if isinstance(r, StepReport)]
    assert steps[-1].learning_rate < 0.2 * max(r.learning_rate for r in steps)


def test_names_are_for_life(toy_run: Path, tone_corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="keeps its codec"):
        train(toy(5), tone_corpus, toy_run)
    with pytest.raises(TrainingError, match="no run to resume"):
        train(toy(5, resume=True), tone_corpus, tmp_path / "new")
    shutil.copytree(toy_run, tmp_path / "half", ignore=shutil.ignore_patterns("model.json"))
    with pytest.raises(TrainingError, match="exists already"):
        train(toy(5), tone_corpus, tmp_path / "half")


def test_too_little_audio_is_refused_before_training(tmp_path: Path, make_tone) -> None:
    soundfile.write(tmp_path / "a.wav", make_tone(0.2, 300.0), 48_000)
    ingest([tmp_path / "a.wav"], tmp_path / "corpus")
    with pytest.raises(TrainingError, match=r"0\.20 s.*too little.*Add recordings"):
        train(toy(5), tmp_path / "corpus", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_one_long_enough_file_trains_in_recording(tmp_path: Path, make_tone) -> None:
    soundfile.write(tmp_path / "a.wav", np.concatenate([make_tone(1.0, f) for f in (200, 300, 400, 500)]), 48_000)
    ingest([tmp_path / "a.wav"], tmp_path / "corpus")
    train(toy(6), tmp_path / "corpus", tmp_path / "run")
    card = json.loads((tmp_path / "run" / "model.json").read_text())
    assert card["held_out_kind"] == "in-recording"


def test_odd_recordings_side_by_side_make_a_sane_model(tmp_path: Path, make_tone: Callable[..., np.ndarray]) -> None:
    """8 and 192 kHz, clipped, a DC offset, stereo beside mono: nothing is refused, nothing takes the model over."""
    for index in range(10):
        sound = make_tone(0.5, 110 * 2 ** (index / 3), index)
        odd: list[tuple[np.ndarray, int]] = [
            (sound[::6], 8_000),
            (np.repeat(sound, 4), 192_000),
            (np.clip(20 * sound, -1, 1), 48_000),
            (0.2 * sound + np.float32(0.6), 48_000),
            (np.stack([sound, 0.5 * sound], 1), 48_000),
        ]
        # not FLOAT: libsndfile writes the time into such files, and the split follows their bytes
        soundfile.write(tmp_path / f"{index}.wav", *odd[index % 5], subtype="PCM_24")
    report = ingest([tmp_path], tmp_path / "corpus")
    assert report.total_files == 10 and not report.errors
    result = train(toy(25), tmp_path / "corpus", tmp_path / "run")
    assert result.held_out is not None and result.held_out.mel < 1.5
    sound = make_tone(1.0, 220.0)
    decoded = round_trip(Codec.load(tmp_path / "run", "cpu"), sound)
    assert abs(float(decoded.mean())) < 0.01, "no DC of its own, where a recording had 0.6"
    assert 0.05 < decoded.std() / sound.std() < 4


def test_files_that_are_deleted_during_a_training(tone_files: list[Path], tmp_path: Path) -> None:
    """What is open stays readable: the training ends well, and only a new one says what is missing."""
    sources = [Path(shutil.copy(path, tmp_path)) for path in tone_files]
    ingest(sources, tmp_path / "corpus")
    cached = sorted((tmp_path / "corpus" / "audio").iterdir())

    def report(what: Report) -> None:
        if isinstance(what, StepReport) and what.step == 2:
            for path in (*sources, *cached):
                path.unlink()

    result = train(toy(6), tmp_path / "corpus", tmp_path / "run", report=report)
    assert (result.state, result.steps) == ("finished", 6)
    assert len(cached) == 12 and not any(path.exists() for path in cached)
    with pytest.raises(CorpusError, match=r"tone_\d\d\.wav is missing"):
        train(toy(6), tmp_path / "corpus", tmp_path / "again")


def test_numbers_that_stay_broken_end_the_run(
    tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.training.codec_steps.MOST_SKIPPED", 4)
    real = torch.Tensor.backward
    calls = 0

    def poisoned(tensor: torch.Tensor) -> None:
        nonlocal calls
        calls += 1
        real(tensor * float("nan") if calls in (2, 3) or calls > 6 else tensor)

    monkeypatch.setattr(torch.Tensor, "backward", poisoned)
    with pytest.raises(TrainingError, match="not been a number for 4 steps"):
        train(toy(40), tone_corpus, tmp_path / "run")
    reports = read_log(tmp_path / "run")
    skipped = [r.step for r in reports if isinstance(r, StepReport) and r.is_skipped]
    assert skipped[:2] == [2, 3] and 4 not in skipped
    assert any(isinstance(r, LogLine) and "step skipped" in r.text for r in reports)
    run = read_run(tmp_path / "run")
    assert run is not None and run.state == "failed" and "not been a number" in run.message


@pytest.mark.tmpfs
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs takes root")
def test_full_disk_keeps_the_checkpoint_before(tone_corpus: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mount.returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    run = disk / "run"

    def report(what: Report) -> None:
        if isinstance(what, StepReport) and what.step == 30:
            free = shutil.disk_usage(disk).free
            (disk / "ballast").write_bytes(b"x" * max(0, free - 1_000_000))

    try:
        with pytest.raises(TrainingError, match=r"disk is full.*intact.*resume"):
            train(toy(45), tone_corpus, run, report=report)
        assert not list((run / "checkpoints").glob(".part-*"))
        kept = sorted(path.name for path in (run / "checkpoints").iterdir())
        assert kept == ["step-00000020"]
        load_file(run / "checkpoints" / kept[0] / "model.safetensors")
        (disk / "ballast").unlink()
        assert train(toy(24, resume=True), tone_corpus, run).state == "finished"
    finally:
        subprocess.run(["umount", str(disk)], check=True)
