"""The models of the last job are taken over only if nothing that they are made of changed."""

from pathlib import Path

from msgspec.structs import replace

from daemon.jobs.specs import GenerateSpec
from daemon.workers.generation_models import _key
from protocol.generation import GenerationOptions


def test_a_prior_that_is_added_another_share_or_model_opens_again(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        (folder / "codec").mkdir(parents=True)
        (folder / "codec" / "codec.json").write_text("{}")
    spec = GenerateSpec(model_dir=str(one), folder="/out", options=GenerationOptions())
    first = _key(spec)
    assert _key(replace(spec, folder="/elsewhere", options=GenerationOptions(seed=3, brightness=0.5))) == first
    (one / "log.jsonl").write_text("a line\n")
    (one / "checkpoints").mkdir()
    (one / "checkpoints" / "weights").write_text("x")
    assert _key(spec) == first
    others = [
        _key(replace(spec, model_dir=str(two))),
        _key(replace(spec, other_dir=str(two))),
        _key(replace(spec, other_dir=str(two), options=GenerationOptions(mix=0.3))),
    ]
    (one / "prior").mkdir()
    (one / "prior" / "card.json").write_text("{}")
    others.append(_key(spec))
    assert len({first, *others}) == 5
