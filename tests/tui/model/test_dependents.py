"""What depends on a model: strands that only it can play, and jobs on it that have not ended."""

from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.strands import StrandInfo
from protocol.strands import StrandMeta
from tui.model.dependents import dependents_of


def model(name: str, codec_id: str) -> ModelInfo:
    return ModelInfo(name=name, codec_id=codec_id, corpus="c", levels=2, codebook=16, steps=1, seconds=1.0)


def strand(name: str, codec_id: str) -> StrandInfo:
    meta = StrandMeta(name=name, model="rain", codec_id=codec_id, levels=2, codebook=16, frames=4, samples=4096)
    return StrandInfo(id=f"s-{name}", meta=meta, rev=0)


STRANDS = [strand(name, "aa") for name in ("kick", "hat", "snare", "bell")] + [strand("other", "bb")]


def test_strands_of_the_codec_are_named_and_three_at_most() -> None:
    needs = dependents_of("rain", [model("rain", "aa"), model("wind", "bb")], STRANDS, [])
    assert needs.strands == ["kick", "hat", "snare", "bell"] and not needs.jobs
    assert needs.strand_words == "4 open strands (kick, hat, snare and 1 more)"
    assert dependents_of("wind", [model("rain", "aa"), model("wind", "bb")], STRANDS, []).strand_words == (
        "1 open strand (other)"
    )


def test_a_twin_of_the_codec_plays_them_too() -> None:
    assert dependents_of("rain", [model("rain", "aa"), model("twin", "aa")], STRANDS, []).strand_words == ""
    assert dependents_of("unknown", [model("rain", "aa")], STRANDS, []).strands == []


def test_only_unfinished_jobs_on_the_model_count() -> None:
    jobs = [
        JobInfo(id="j1", kind="train", subject="rain", state="paused"),
        JobInfo(id="j2", kind="atlas", subject="rain", state="running"),
        JobInfo(id="j3", kind="train", subject="rain", state="done"),
        JobInfo(id="j4", kind="ingest", subject="rain", state="running"),
        JobInfo(id="j5", kind="train", subject="wind", state="running"),
    ]
    needs = dependents_of("rain", [model("rain", "aa")], [], jobs)
    assert needs.job_words == "train job j1 is paused, atlas job j2 is running"
