"""Requests become specs and specs become requests again; the options of a training are one set everywhere."""

from dataclasses import fields

import msgspec
import pytest

from daemon.jobs.specs import IngestSpec, options_of, training_of
from daemon.runs.spec import TrainingSpec
from daemon.training.sizing import STEREO
from protocol.messages.jobs import StartTraining
from protocol.options import OptionError
from protocol.training import OPTIONS, PRESETS, TrainingOptions


def test_a_training_takes_every_option_that_a_request_offers() -> None:
    offered = {field.name: field.type for field in fields(TrainingOptions)}
    taken = {field.name: field.type for field in msgspec.structs.fields(TrainingSpec)}
    assert {str(name) for name in offered} | {"resume"} == set(taken)
    assert [option.name for option in OPTIONS] == list(offered)
    defaults = TrainingSpec()
    assert options_of(defaults) == TrainingOptions()


def test_a_request_becomes_a_training_and_back() -> None:
    options = TrainingOptions(steps=7, preset="tiny", levels=3, codebook=16, channels=2, adversarial=True, seed=9)
    request = StartTraining(corpus="rain", model="m", options=options, resume=True)
    training = training_of(msgspec.msgpack.decode(msgspec.msgpack.encode(request), type=StartTraining))
    assert (training.codebook, training.channels, training.resume) == (16, 2, True)
    assert options_of(training) == options


def test_every_size_that_is_offered_has_a_shape() -> None:
    assert {*PRESETS, "toy"} - {"auto"} == STEREO.keys()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (TrainingOptions(preset="huge"), "choose auto, tiny, small, base"),
        (TrainingOptions(levels=33), "1 to 32"),
        (TrainingOptions(codebook=1), "2 to 65536"),
        (TrainingOptions(channels=3), "auto, mono, stereo"),
        (TrainingOptions(seed=-1), "0 to 4294967295"),
        (TrainingOptions(steps=0), "1 to 10000000"),
        (TrainingOptions(budget_s=0.0), "90s, 10m, 2h"),
        (TrainingOptions(budget_s=float("nan")), "90s, 10m, 2h"),
        (TrainingOptions(budget_s=31 * 86_400), "90s, 10m, 2h"),
        (TrainingOptions(budget_s=5, steps=5), "give one of them"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(options: TrainingOptions, said: str) -> None:
    with pytest.raises(OptionError) as refused:
        options.check()
    assert said in refused.value.hint


def test_a_job_to_read_files_names_the_first_of_them() -> None:
    few = IngestSpec(corpus_dir="/h/corpora/my rain", paths=["/a b.wav"])
    many = IngestSpec(corpus_dir="/h/corpora/rain", paths=["/a", "/b", "/c", "/d"])
    assert few.command == "allele corpus add 'my rain' '/a b.wav'"
    assert many.command == "allele corpus add rain /a /b /c ..."
