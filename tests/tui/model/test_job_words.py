"""Jobs and evaluations as lines: what runs first, what waits by its turn, what can be heard."""

from typing import Any

import pytest
from msgspec.structs import replace

from protocol.messages.events import EvaluationCompleted, StepCompleted
from protocol.messages.jobs import JobInfo, JobKind, JobPhase, JobState
from tui.cli.follow import describe_evaluation
from tui.model.job_words import (
    cancel_words,
    ended_words,
    in_order,
    is_ending,
    job_line,
    measuring_words,
    ordinal,
    preview_file,
    preview_lines,
    progress_words,
    resume_words,
    state_words,
    wrapped_log,
)
from tui.model.measures import health_words, level_table, loss_words, pace_words, sick_words, standing_words
from tui.model.training import Training


def job(id_: str, state: JobState, **more: Any) -> JobInfo:
    return JobInfo(id=id_, kind="train", subject=id_, state=state, **more)


def evaluation(step: int, preview: str, **more: Any) -> EvaluationCompleted:
    return EvaluationCompleted(
        job="j", step=step, elapsed_s=step / 10, held_out={"mel": 1.0 / step, "stft": None}, train={"mel": 0.5 / step},
        preview=f"/m/previews/{preview}.wav", source="/m/previews/source.wav", **more,
    )  # fmt: skip


def test_jobs_stand_in_the_order_in_which_they_matter() -> None:
    jobs = [
        job("old", "done", created_s=1.0),
        job("new", "failed", created_s=9.0),
        job("held", "paused", created_s=3.0),
        job("third", "queued", position=2),
        job("second", "queued", position=1),
        job("first", "running"),
    ]
    assert [info.id for info in in_order(jobs)] == ["first", "second", "third", "held", "new", "old"]


@pytest.mark.parametrize(
    ("number", "words"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (13, "13th"), (22, "22nd")]
)
def test_places_are_said_as_people_say_them(number: int, words: str) -> None:
    assert ordinal(number) == words


def test_a_job_says_its_place_and_why_it_does_not_run() -> None:
    waiting = job("rain", "queued", position=2, detail="waits for hits and 1 more")
    assert state_words(waiting) == "2nd in the queue, waits for hits and 1 more"
    assert state_words(waiting) in job_line(waiting)
    assert "paused" in job_line(job("rain", "paused", progress=0.4)) and "40 %" in job_line(
        job("rain", "paused", progress=0.4)
    )
    paused = job("rain", "paused", hint="go on with: allele jobs resume j7")
    assert state_words(paused) == "paused"  # the keys are on the screen: that is for the command line
    stopped = job("rain", "paused", phase="stopping")
    assert state_words(stopped) == "paused, stopped before its model was made"
    assert "stopped before its model was made" in job_line(stopped)
    assert "memory ran out" in job_line(job("rain", "failed", error="memory ran out, at step 7"))


@pytest.mark.parametrize(
    ("kind", "state", "started_s", "now", "ended"),
    [
        ("train", "queued", None, "cancelled before it began", "cancelled before it began"),
        ("ingest", "queued", None, "cancelled before it began", "cancelled before it began"),
        ("train", "running", 1.0, "cancelling; what it learned is kept; {train.resume} resumes it", "it learned"),
        ("train", "paused", 1.0, "cancelled; what it learned is kept; {train.resume} resumes it", "it learned"),
        ("ingest", "running", 1.0, "cancelling; the files that were read are kept", "read are kept"),
        ("atlas", "running", 1.0, "cancelling; the model is as it was", "the model is as it was"),
    ],
)  # fmt: skip
def test_who_cancels_is_told_what_is_left(
    kind: JobKind, state: JobState, started_s: float | None, now: str, ended: str
) -> None:
    info = JobInfo(id="j", kind=kind, subject="rain", state=state, started_s=started_s)
    assert cancel_words(info) == now
    assert ended in ended_words(JobInfo(id="j", kind=kind, subject="rain", state="cancelled", started_s=started_s))


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("starting", "starting"),
        ("working", "step 7"),
        ("measuring", "step 7"),
        ("pausing", "pausing"),
        ("resuming", "resuming"),
        ("cancelling", "cancelling"),
        ("stopping", "ending, and making the model"),
    ],
)
def test_a_running_job_says_its_phase_or_else_its_details(phase: JobPhase, words: str) -> None:
    running = job("rain", "running", phase=phase, detail="step 7")
    assert state_words(running) == words
    assert job_line(running).endswith(words)
    assert is_ending(running) is (phase in ("pausing", "cancelling", "stopping"))


def test_a_training_is_resumed_where_that_can_help() -> None:
    """A run that would end the same way again is not offered: it has to be started again."""
    assert resume_words(job("rain", "failed", error="memory ran out", can_resume=True)) == "{train.resume} resumes it"
    assert resume_words(job("rain", "failed", error="60000 codes")) == ""
    assert resume_words(job("rain", "cancelled")) == "{train.resume} starts it"
    assert resume_words(job("rain", "done", started_s=1.0)) == ""


def test_what_is_trained_has_no_time_left_while_its_codes_are_measured() -> None:
    step = StepCompleted(job="j", step=20, elapsed_s=20.0, eta_s=4.0, progress=0.8, losses={})
    assert progress_words(job("rain", "running", progress=0.8), step) == "step 20 · 0:20 so far, 0:04 left"
    measuring = job("rain", "running", progress=1.0, phase="measuring")
    assert progress_words(measuring, step) == "step 20 · 0:20 trained; measuring codes"
    assert measuring_words([replace(measuring, eta_s=108.0)], "rain") == "measuring codes, 1:48 left"
    assert measuring_words([measuring], "snow") == measuring_words([job("rain", "running")], "rain") == ""


def test_a_long_line_of_the_log_goes_on_below_its_text() -> None:
    rows = wrapped_log(["  0:40  mono, because 41% of the audio is heard to be stereo", "  0:41  short"], 36)
    assert rows == ["  0:40  mono, because 41% of the", "        audio is heard to be stereo", "  0:41  short"]


def test_what_plays_fits_beside_the_longest_numbers_in_a_narrow_list() -> None:
    training = Training("j")
    training.take(evaluation(99_999, "final", is_best=True))
    assert all(len(f"> {line}") <= 41 for line, _ in preview_lines(training, "final"))
    assert preview_lines(training, "final")[1][0].endswith(" kept plays")


def test_every_evaluation_and_the_recording_can_be_heard() -> None:
    training = Training("j")
    assert preview_lines(training, None) == []
    for report in (
        evaluation(40, "step-00000040", is_best=True),
        evaluation(80, "step-00000080"),
        evaluation(90, "final", is_best=True),
    ):
        training.take(report)
        training.take(report)  # once from the log, once live
    lines = preview_lines(training, "step-00000080")
    assert [name for _, name in lines] == ["source", "final", "step-00000080", "step-00000040"]
    assert [line.endswith("plays") for line, _ in lines] == [False, False, True, False]
    assert "kept" in lines[1][0] and not any("best" in line for line, _ in lines[:3])
    assert [text.rpartition("  ")[2] for text in training.lines if "best" in text or "kept" in text] == [
        "best so far",
        "as kept",
    ]
    assert "best" in lines[3][0] and "0.025" in lines[3][0] and "0.013" in lines[3][0]
    assert preview_file(training, "source") == "/m/previews/source.wav"
    assert preview_file(training, "step-00000040") == "/m/previews/step-00000040.wav"
    assert training.learnt.last == (9.0, 0.5 / 90)


def test_the_last_evaluation_is_that_of_the_model_and_no_best_so_far() -> None:
    assert standing_words(evaluation(1, "step-00000001", is_best=True)) == "best so far"
    assert standing_words(evaluation(1, "step-00000001")) == ""
    assert standing_words(evaluation(1, "final", is_best=True)) == "as kept"
    assert describe_evaluation(evaluation(2, "final", is_best=True))[0].endswith("held out: mel 0.500  as kept")


def test_measures_name_every_term_and_every_level() -> None:
    step = StepCompleted(job="j", step=1, elapsed_s=1.0, progress=0.1, losses={}, memory_mb=512.4)
    assert "512 MiB" in pace_words(step)
    assert loss_words({"mel": 1.25, "commitment": 0.5, "total": 3.0}) == "loss 3  mel 1.25  commitment 0.5"
    report = EvaluationCompleted(
        job="j", step=1, elapsed_s=1.0, utilisation=[1.0, 0.25], perplexity=[30.5, 2.0], dead_codes=[0, 48],
        commitment=[0.1, 0.2], health=["healthy", "collapsing"], advice="level 1 is collapsing: use a smaller codebook",
    )  # fmt: skip
    table = level_table(report)
    assert [line.split()[0] for line in table] == ["level", "in", "perplexity", "dead", "commitment", "health"]
    assert {len(line) for line in table} == {len(table[0])}
    assert health_words(report) == "level 1 is collapsing: use a smaller codebook"
    assert sick_words(["thin", "healthy", "collapsing", "thin"]) == "1 collapsing, 2 thin"
    assert sick_words(["healthy"] * 3) == ""
    assert "healthy" in health_words(EvaluationCompleted(job="j", step=1, elapsed_s=1.0, health=["healthy"]))


def test_jobs_keep_their_order_when_the_clock_is_set_back() -> None:
    jobs = [job("j9", "done", created_s=5000.0), job("j10", "done", created_s=1400.0), job("j11", "done")]
    assert [info.id for info in in_order(jobs)] == ["j11", "j10", "j9"]
