"""A prior's part of a training: its curves, its bits by level, and its previews, from a log or from events."""

from protocol.messages.events import PriorEvaluated, PriorStepped, StepCompleted
from tui.model.prior_words import novelty_words, prior_preview_file, prior_preview_lines
from tui.model.training import Training
from tui.widgets.prior_levels import PriorLevels


def evaluated(step: int, at_s: float, bits: float | None, **more: object) -> dict[str, object]:
    entry = {"type": "PriorEvaluated", "step": step, "elapsed_s": at_s, "bits": bits, "train_bits": 40.0, **more}
    return {"unigram_bits": 60.0, "levels": [4.0, 8.0], **entry}


def trained() -> Training:
    training = Training("j1")
    training.take(StepCompleted(job="j1", step=9, elapsed_s=5.0, progress=0.5, losses={"total": 2.0}))
    training.take_entry({"type": "PriorStepped", "step": 3, "elapsed_s": 0.5, "bits": 58.0})
    for _ in range(2):  # once from the log and once live
        training.take_entry(evaluated(4, 1.0, 55.0, preview="/m/prior/previews/step-00000004.wav", novelty="copy"))
    final = evaluated(9, 2.0, 50.0, preview="/m/prior/previews/final.wav", novelty="new", network_bits=56.0)
    training.take_entry(final | {"levels": [3.0, 9.0]})
    return training


def test_curves_of_the_codec_and_the_prior_are_apart() -> None:
    training = trained()
    prior = training.prior
    assert prior.is_begun and not Training("j2").prior.is_begun
    assert training.step is not None and training.step.step == 9 and len(training.loss) == 1
    assert (len(prior.loss), len(prior.held_out), len(prior.learnt)) == (1, 2, 2)
    assert [one and one[0] for one in prior.legend()] == ["step 58.0", "learnt 40.0", "held-out 50.0 bits a frame"]
    assert prior.words() == "prior step 9: without copies 56.0, by use alone 60.0 bits; preview: new"
    prior.take(PriorStepped(job="j1", step=2, elapsed_s=3.0, bits=70.0))
    assert prior.loss.extent() == (70.0, 70.0), "resumed from an older checkpoint"


def test_previews_are_listed_newest_first_with_their_novelty() -> None:
    prior = trained().prior
    (last, last_name), (first, first_name) = prior_preview_lines(prior, "prior-final")
    assert (last_name, first_name) == ("prior-final", "prior-step-00000004")
    assert last.split() == ["final", "0:02", "50.0", "40.0", "new", "kept", "plays"] and "copy" in first
    assert prior_preview_file(prior, first_name) == "/m/prior/previews/step-00000004.wav"
    prior.take(PriorEvaluated(job="j1", step=12, elapsed_s=3.0, train_bits=38.0))
    assert prior.legend()[2] == ("nothing held out", "no held-out")


def test_the_novelty_of_a_finished_prior_is_told_in_shares() -> None:
    assert novelty_words({"novelty": {"copy": 0.1, "new": 0.9}}) == "sounds from it: 10% copy, 90% new"
    assert novelty_words({"novelty": None}) == novelty_words(None) == ""
    assert PriorLevels("bits").line(0, 40).text.startswith("bits of each level")
