"""Engines on a toy model: exact lengths, seeds, sources, loops, gaps, and what is refused."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from daemon.codec.codec import Codec
from daemon.dsp.loudness import integrated_lufs
from daemon.generation import neural
from daemon.generation.engines import Engines, Given, Wanted
from daemon.generation.errors import GenerationError
from daemon.generation.filling import Filler
from daemon.generation.gathering import gather_material
from daemon.generation.knobs import measured
from daemon.generation.material import Material
from daemon.generation.output import INVENTED
from daemon.prior.card import read_card
from daemon.prior.prior import Prior
from daemon.prior.run import train_prior
from daemon.runs.spec import TrainingSpec
from daemon.training.adopting import adopt
from daemon.workers.model_parts import open_parts_of
from daemon.workers.second_model import open_second

HOP = 1024


@pytest.fixture(scope="module")
def model(toy_run: Path, tone_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy model with material and a prior."""
    folder = Path(shutil.copytree(toy_run, tmp_path_factory.mktemp("models") / "toy"))
    assert gather_material(folder, tone_corpus)
    train_prior(TrainingSpec(steps=30, seed=1), tone_corpus, folder)
    return folder


@pytest.fixture(scope="module")
def engines(model: Path, toy_codec: Codec) -> Engines:
    """Engines of the toy model."""
    card = read_card(model)
    assert card is not None
    return Engines(Material.load(model, toy_codec), Prior.load(model / "prior", toy_codec), card.temperature)


def _strand(engines: Engines) -> Given:
    codes = engines.material.codes[:, :80]
    return Given(mode="vary", codes=codes, gains_db=np.zeros(80, np.float32), samples=80 * HOP - 5)


@pytest.mark.parametrize("engine", ["neural", "collage"])
@pytest.mark.parametrize("samples", [2400, 48_000, 100_001])
def test_a_sound_has_exactly_the_wanted_length_and_loudness(engines: Engines, engine: str, samples: int) -> None:
    (output,) = engines.make(Wanted(samples=samples, engine=engine), [1])
    assert output.audio.shape == (samples,) and output.codes.shape[1] == -(-samples // HOP)
    assert output.engine == engine and np.isfinite(output.audio).all() and np.abs(output.audio).max() <= 1
    if samples > 24_000:
        is_limited = np.abs(output.audio).max() > 0.98  # a limiter takes no more than 6 dB
        assert is_limited or integrated_lufs(output.audio) == pytest.approx(engines.material.lufs, abs=1.0)


@pytest.mark.parametrize("engine", ["neural", "collage"])
def test_seeds_repeat_and_differ(engines: Engines, engine: str) -> None:
    wanted = Wanted(samples=48_000, engine=engine)
    first, second = engines.make(wanted, [1, 2])
    (again,) = engines.make(wanted, [2])
    assert np.array_equal(second.codes, again.codes) and np.array_equal(second.audio, again.audio)
    assert not np.array_equal(first.codes, second.codes)


@pytest.mark.parametrize(("engine", "least"), [("collage", 0.5), ("neural", 0.0)])
def test_an_output_names_the_recording_and_sample_of_every_quoted_frame(
    engines: Engines, engine: str, least: float
) -> None:
    (output,) = engines.make(Wanted(samples=150_000, engine=engine), [3])
    material = engines.material
    assert least < output.verbatim < 1
    for frame in np.flatnonzero(output.takes != INVENTED):
        take = material.takes[output.takes[frame]]
        at = (output.samples[frame] - take.start) // HOP
        assert np.array_equal(output.codes[:, frame], material.codes_of(take)[:, at])


def test_the_end_of_a_loop_leads_to_its_start(engines: Engines) -> None:
    (loop,) = engines.make(Wanted(samples=64 * HOP, engine="neural", loop=True), [5])
    step = np.abs(np.diff(loop.audio))
    assert abs(loop.audio[0] - loop.audio[-1]) <= np.percentile(step, 99.9) * 2
    (plain,) = engines.make(Wanted(samples=64 * HOP, engine="neural"), [5])
    assert plain.audio[-1] == 0.0


def test_an_infill_changes_the_gap_and_nothing_else(engines: Engines) -> None:
    given = _strand(engines)
    given = Given(mode="infill", codes=given.codes, gains_db=given.gains_db, samples=given.samples, frames=(30, 50))
    (output,) = engines.make(Wanted(samples=1, engine="neural"), [7], given)
    same = (output.codes == given.codes).all(0)
    assert same[:30].all() and same[50:].all() and not same[30:50].all()
    assert output.audio.shape[-1] == given.samples
    assert output.kept is not None and np.array_equal(output.kept, same)


@pytest.mark.parametrize(("amount", "lowest", "highest"), [(0.0, 0.0, 0.0), (0.3, 0.1, 0.3), (1.0, 0.5, 1.0)])
def test_a_variation_draws_the_wanted_share_again(
    engines: Engines, amount: float, lowest: float, highest: float
) -> None:
    given = _strand(engines)
    given = Given(mode="vary", codes=given.codes, gains_db=given.gains_db, samples=given.samples, amount=amount)
    (output,) = engines.make(Wanted(samples=1), [7], given)
    changed = 1 - (output.codes == given.codes).all(0).mean()
    assert lowest <= changed <= highest + 1e-9


def test_a_continuation_is_as_long_as_wanted_and_depends_on_what_was_heard(engines: Engines) -> None:
    codes = engines.material.codes
    outputs = []
    for part in (codes[:, :40], codes[:, -40:]):
        given = Given(mode="continue", codes=part, gains_db=np.full(40, -3.0, np.float32), samples=40 * HOP)
        outputs += engines.make(Wanted(samples=30_000), [1], given)
    assert all(output.audio.shape == (30_000,) for output in outputs)
    assert np.all(outputs[0].gains_db == -3.0)
    assert not np.array_equal(outputs[0].codes, outputs[1].codes)


def test_a_knob_moves_what_is_measured(engines: Engines) -> None:
    ranks = []
    for value in (-1.0, 1.0):
        wanted = Wanted(samples=48_000, engine="collage", ranks={"brightness": value})
        outputs = engines.make(wanted, range(4))
        ranks.append(np.mean([measured(one.audio, engines.material)["brightness_rank"] for one in outputs]))
    assert ranks[1] > ranks[0] + 0.2


def test_only_free_cells_of_a_gap_are_filled_and_reported(engines: Engines, model: Path, toy_codec: Codec) -> None:
    filler = Filler(Prior.load(model / "prior", toy_codec), engines.material, 1.0)
    codes = engines.material.codes[:, :80]
    free = np.zeros((len(codes), 50), bool)
    free[1] = True
    drawn: list[np.ndarray] = []
    filled = filler.fill(
        codes, 10, free, creativity=0.5, focus=0.0, seed=3, watch=lambda frame: not drawn.append(frame)
    )
    assert np.array_equal(filled[0], codes[0]) and (filled[1, 10:60] != codes[1, 10:60]).any()
    assert np.array_equal(filled[:, :10], codes[:, :10]) and np.array_equal(filled[:, 60:], codes[:, 60:])
    again = filler.fill(codes, 10, free, creativity=0.5, focus=0.0, seed=3)
    assert np.array_equal(filled, again)
    assert np.array_equal(np.stack(drawn, 1)[0], codes[0, 10:60]), "each frame is reported as it is drawn"
    stopped = filler.fill(codes, 10, free, creativity=0.5, focus=0.0, seed=3, watch=lambda _: False)
    assert np.array_equal(stopped, codes)


def test_a_stopped_request_keeps_the_finished_sounds(engines: Engines) -> None:
    outputs = engines.make(Wanted(samples=24_000, engine="collage"), [1, 2, 3], go_on=lambda share: share < 0.6)
    assert len(outputs) == 2


def test_what_an_engine_cannot_do_is_refused(engines: Engines) -> None:
    with pytest.raises(GenerationError, match="has no density"):
        engines.choose(Wanted(samples=1, engine="neural", density=0.5), None)
    with pytest.raises(GenerationError, match="cannot vary"):
        engines.choose(Wanted(samples=1, engine="collage"), _strand(engines))
    with pytest.raises(GenerationError, match="--brightness"):
        engines.choose(Wanted(samples=1, ranks={"brightness": 0.5}), _strand(engines))
    without = Engines(engines.material, None)
    assert without.choose(Wanted(samples=1), None) == "collage"
    with pytest.raises(GenerationError, match="no prior"):
        without.choose(Wanted(samples=1, engine="neural"), None)


def test_material_of_another_codec_is_refused(model: Path, raw_model: Path) -> None:
    with pytest.raises(GenerationError, match="not of this codec"):
        Material.load(model, Codec.load(raw_model))


@pytest.fixture(scope="module")
def other(model: Path, tone_corpus: Path) -> Path:
    """Another model with the codec of the toy model, made in two goes: its recordings are split by another seed."""
    folder = model.parent / "other"
    spec = TrainingSpec(codec_from="toy", steps=10, seed=5)
    adopt(spec, tone_corpus, folder)
    (folder / "model.json").unlink()  # as if it had been killed before its end
    adopt(TrainingSpec(), tone_corpus, folder)
    assert gather_material(folder, tone_corpus)
    train_prior(TrainingSpec(steps=10, seed=1), tone_corpus, folder)
    return folder


def _pair(model: Path, other: Path, codec: Codec, share: float) -> Engines:
    second = open_second(other, model, codec)
    assert second is not None
    return second.engines(open_parts_of(model, codec), share)


def test_a_model_with_another_models_codec_opens_its_strands(model: Path, other: Path, toy_codec: Codec) -> None:
    assert Codec.load(other).codec_id == toy_codec.codec_id
    card = msgspec.json.decode((other / "model.json").read_bytes())
    assert card["codec_from"] == "toy" and card["held_out"]["mel"] > 0


def test_a_mixture_ends_in_each_of_its_models_exactly(
    engines: Engines, model: Path, other: Path, toy_codec: Codec
) -> None:
    wanted = Wanted(samples=40 * HOP, engine="neural")
    alone = {0.0: engines.make(wanted, [4])[0], 1.0: _alone(other, toy_codec).make(wanted, [4])[0]}
    for share, same in alone.items():
        mixed = _pair(model, other, toy_codec, share).make(Wanted(samples=40 * HOP), [4])[0]
        assert np.array_equal(mixed.codes, same.codes) and "other" in mixed.notes[-1]


@pytest.mark.parametrize("share", [0.5, -1.0])
def test_a_mixture_has_seeds_and_edits_strands(
    engines: Engines, model: Path, other: Path, toy_codec: Codec, share: float
) -> None:
    pair = _pair(model, other, toy_codec, share)
    wanted = Wanted(samples=30 * HOP)
    first, second = pair.make(wanted, [1, 2])
    assert np.array_equal(pair.make(wanted, [2])[0].codes, second.codes)
    assert not np.array_equal(engines.make(Wanted(samples=30 * HOP, engine="neural"), [1])[0].codes, first.codes)
    given = msgspec.structs.replace(_strand(engines), mode="infill", frames=(30, 50))
    (filled,) = pair.make(Wanted(samples=1), [7], given)
    assert filled.kept is not None and filled.kept[:30].all() and filled.kept[50:].all()


def test_a_collage_of_two_models_quotes_both_by_their_share(model: Path, other: Path, toy_codec: Codec) -> None:
    firsts = len(Material.load(model, toy_codec).takes)
    shares = []
    for share in (0.2, 0.8):
        output = _pair(model, other, toy_codec, share).make(Wanted(samples=30 * 48_000, engine="collage"), [1])[0]
        quoted = output.takes[output.takes != INVENTED]
        shares.append(float((quoted >= firsts).mean()))
    assert shares[0] < 0.5 < shares[1]
    with pytest.raises(GenerationError, match="cannot turn away"):
        _pair(model, other, toy_codec, -0.5).make(Wanted(samples=HOP, engine="collage"), [1])


def test_knobs_that_contradict_one_another_are_refused(engines: Engines) -> None:
    with pytest.raises(GenerationError, match="--brightness 1 and --tension -1 contradict"):
        engines.make(Wanted(samples=HOP, ranks={"brightness": 1.0, "tension": -1.0}), [1])


def _alone(folder: Path, codec: Codec) -> Engines:
    card = read_card(folder)
    assert card is not None
    return Engines(Material.load(folder, codec), Prior.load(folder / "prior", codec), card.temperature)


def test_a_long_sound_is_made_in_sections(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted(samples=60 * HOP, engine="neural")
    (whole,) = engines.make(wanted, [4])
    monkeypatch.setattr(neural, "SECTION_FRAMES", 25)
    (cut,) = engines.make(wanted, [4])
    (again,) = engines.make(wanted, [4])
    assert cut.codes.shape == whole.codes.shape and np.array_equal(cut.codes, again.codes)
    assert np.array_equal(cut.codes[0, :25], whole.codes[0, :25])
    shares: list[float] = []
    engines.make(wanted, [4], go_on=lambda share: shares.append(share) or True)
    assert shares == sorted(shares) and len(shares) >= 60
    assert not engines.make(wanted, [4], go_on=lambda share: share < 0.5)
