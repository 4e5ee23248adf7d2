"""The events engine on the committed demo recordings, judged on the sound that it makes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from daemon.atlas.descriptors import DESCRIPTORS
from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from daemon.dsp.audio import Audio
from daemon.dsp.loudness import integrated_lufs
from daemon.dsp.onsets import find_onsets
from daemon.dsp.resample import resample
from daemon.generation.engines import Engines
from daemon.generation.errors import GenerationError
from daemon.generation.event_bank import COLUMNS, Drone, Event, EventBank
from daemon.generation.event_gathering import events_of, gather_events, lead
from daemon.generation.event_grid import make_plan
from daemon.generation.event_mixing import RISE, ringing
from daemon.generation.event_settings import EventSettings
from daemon.generation.events import Events
from daemon.generation.material import FOLDER, Material, Take
from daemon.generation.output import INVENTED, Output
from daemon.generation.wanted import Wanted
from daemon.prior.conditions import describe_frames

DEMO = Path(__file__).parents[3] / "scripts" / "demo"
RATE = 48_000
RHYTHMIC = ("loop_amen_full", "loop_tabla", "loop_weirdo", "elec_filt_snare", "drum_splash_hard")
STILL = ("ambi_drone", "ambi_choir")
DRY = EventSettings(full=0, newness=0)


def _recording(name: str) -> Audio:
    sound, rate = soundfile.read(DEMO / f"{name}.flac", dtype="float32", always_2d=True)
    return np.ascontiguousarray(resample(sound.mean(1, dtype=np.float32)[None], rate, RATE)[0, : 7 * RATE])


@pytest.fixture(scope="module")
def codec() -> Codec:
    """A codec whose books are fitted to the demo recordings; its network has the weights it begins with."""
    torch.manual_seed(5)
    model = CodecModel(CodecConfig(levels=6, codebook_size=64))
    sounds = [torch.from_numpy(_recording(name)) for name in (*RHYTHMIC, *STILL)]
    with torch.no_grad():
        model.eval().spectra.fit(sounds)
        latents = torch.cat([model.encode(sound[None])[0] for sound in sounds])
        model.quantizer.fit(latents, torch.Generator().manual_seed(1), 100.0, model.level_parts())
    return Codec(model)


def _material(codec: Codec, sounds: dict[str, Audio]) -> Material:
    takes, grids, described, first = list[Take](), [], [], 0
    for name, sound in sounds.items():
        encoded = codec.encode(sound)
        frames = encoded.codes.shape[1]
        takes.append(
            Take(
                name=name, sha256="0", start=0, samples=len(sound), first=first, frames=frames,
                gain_db=encoded.gain_db, lufs=integrated_lufs(sound),
            )
        )  # fmt: skip
        grids.append(encoded.codes)
        described.append(describe_frames(sound, codec.config.hop_length))
        first += frames
    return Material(codec, takes, np.concatenate(grids, 1), np.concatenate(described))


@pytest.fixture(scope="module")
def material(codec: Codec) -> Material:
    return _material(codec, {name: _recording(name) for name in (*RHYTHMIC, *STILL)})


@pytest.fixture(scope="module")
def bank(material: Material) -> EventBank:
    gathered = gather_events(material)
    assert gathered is not None
    return gathered


@pytest.fixture(scope="module")
def engine(material: Material, bank: EventBank) -> Events:
    return Events(material, bank)


@pytest.fixture(scope="module")
def make(engine: Events) -> Callable[..., Output]:
    def made(seconds: float, seed: int = 0, settings: EventSettings = EventSettings()) -> Output:  # noqa: B008
        output = engine.new(round(seconds * RATE), seed, settings)
        assert output is not None
        return output

    return made


def test_events_begin_at_onsets_and_are_encoded_alone(material: Material, bank: EventBank) -> None:
    assert len(bank.events) > 30
    assert {event.take for event in bank.events} >= {0, 1}
    onset, rises = lead(material.codec), list[float]()
    for index in range(0, len(bank.events), 5):
        alone = material.codec.decode(bank.codes_of(index), gain_db=bank.events[index].gain_db)
        heard = ringing(alone, onset, len(alone), 1.0)
        assert not heard[: onset - 2 * RISE].any()
        rises.append(float(np.square(heard[onset : onset + 960]).sum() / np.square(heard[:onset]).sum()))
    assert np.median(rises) > 4
    ranks = bank.ranks()
    assert ranks.min() == 0 and ranks.max() == 1
    assert all(index not in row for index, row in enumerate(bank.neighbours))


def test_rhythms_are_found_with_their_tempo(material: Material, bank: EventBank) -> None:
    tempos = {material.takes[pattern.take].name: pattern.bpm for pattern in bank.patterns}
    assert tempos["loop_amen_full"] == pytest.approx(138, abs=4)
    assert not set(tempos) & set(STILL)


def test_stored_events_are_the_same_and_others_are_gathered_again(
    material: Material, bank: EventBank, codec: Codec, raw_model: Path, tmp_path: Path
) -> None:
    bank.save(tmp_path)
    again = EventBank.load(tmp_path, codec, material.frames)
    assert again.events == bank.events and again.patterns == bank.patterns and again.rates == bank.rates
    assert (again.codes == bank.codes).all() and (again.neighbours == bank.neighbours).all()
    with pytest.raises(GenerationError, match="not of this codec"):
        EventBank.load(tmp_path, Codec.load(raw_model), material.frames)
    with pytest.raises(GenerationError, match="material"):
        EventBank.load(tmp_path, codec, material.frames + 1)
    small = _material(codec, {"loop_weirdo": _recording("loop_weirdo")[:RATE]})
    (tmp_path / FOLDER / "events.npz").write_bytes(b"PK\x03\x04 damaged")
    assert (mended := events_of(tmp_path, small)) is not None
    assert EventBank.load(tmp_path, codec, small.frames).events == mended.events
    assert gather_events(material, go_on=lambda _: False) is None


@pytest.mark.parametrize("seconds", [0.05, 1.0, 3.3333])
@pytest.mark.parametrize("is_loop", [False, True])
def test_length_is_exact_and_the_strand_covers_it(make: Callable[..., Output], seconds: float, is_loop: bool) -> None:
    output = make(seconds, 1, EventSettings(is_loop=is_loop))
    assert output.audio.shape == (round(seconds * RATE),)
    frames = -(-round(seconds * RATE) // 1024)
    assert output.codes.shape == (6, frames)
    assert output.gains_db.shape == output.takes.shape == output.samples.shape == (frames,)
    assert np.isfinite(output.audio).all()
    assert np.abs(output.audio).max() <= 1


def test_a_seed_gives_the_same_sound_and_another_gives_another(make: Callable[..., Output], material: Material) -> None:
    one, other = make(3, 7), make(3, 8)
    fresh = gather_events(material)
    assert fresh is not None
    again = Events(material, fresh).new(3 * RATE, 7, EventSettings())
    assert again is not None
    assert (one.audio == again.audio).all() and (one.codes == again.codes).all()
    assert not (one.codes == other.codes).all()


def test_every_planned_event_is_heard_at_its_sample(make: Callable[..., Output], bank: EventBank) -> None:
    found = planned = 0
    for seed in range(4):
        settings = EventSettings(full=0, newness=0, density=0.4, tempo=100)
        output = make(6, seed, settings)
        heard = find_onsets(output.audio, RATE)
        slots = np.array([slot.at for slot in make_plan(bank, 6 * RATE, seed, settings).slots]) / RATE
        found += sum(np.abs(heard - at).min() < 0.02 for at in slots)
        planned += len(slots)
    assert found > 0.85 * planned


def test_more_density_is_more_loud_rises(make: Callable[..., Output]) -> None:
    def rises(density: float) -> int:
        output = make(8, 2, EventSettings(full=0, newness=0, density=density, tempo=120))
        level = np.abs(output.audio[: 8 * RATE // 480 * 480]).reshape(-1, 480).max(1)
        return int((level[1:] > 3 * level[:-1] + 0.01).sum())

    counts = [rises(density) for density in (0.0, 0.33, 0.66, 1.0)]
    assert counts == sorted(counts)
    assert counts[-1] > 2 * counts[0]


@pytest.mark.parametrize("settings", [DRY, EventSettings(), EventSettings(full=1, newness=1)])
def test_joins_do_not_click(make: Callable[..., Output], material: Material, settings: EventSettings) -> None:
    loudest = max(float(np.abs(np.diff(material.sound(take))).max()) for take in material.takes)
    for seed in range(3):
        output = make(4, seed, settings)
        assert np.abs(np.diff(output.audio)).max() < 1.5 * max(loudest, 0.1)
        assert abs(output.audio[0]) < 0.01
        assert abs(output.audio[-1]) < 0.01


def test_a_loop_goes_on_over_its_end_without_a_step(make: Callable[..., Output]) -> None:
    for seed in range(4):
        audio = make(4, seed, EventSettings(is_loop=True, full=1)).audio
        usual = np.percentile(np.abs(np.diff(audio)), 99.9)
        assert abs(audio[0] - audio[-1]) <= 2 * usual
        around = np.concatenate([audio[-480:], audio[:480]])
        assert np.abs(around).max() > 1e-4, "what rings over the end rings into the start"


def test_it_is_as_loud_as_the_recordings_and_never_silent(make: Callable[..., Output], material: Material) -> None:
    for seed in range(4):
        audio = make(6, seed).audio
        assert material.lufs - 8 < integrated_lufs(audio) < material.lufs + 1
        seconds = audio[: 6 * RATE].reshape(6, RATE)
        assert (np.abs(seconds).max(1) > 0.003).all()


def test_verbatim_frames_name_the_place_they_come_from(make: Callable[..., Output], material: Material) -> None:
    output = make(6, 3, DRY)
    assert output.verbatim > 0.5
    for frame in np.flatnonzero(output.takes != INVENTED)[::7]:
        take = material.takes[output.takes[frame]]
        assert take.start <= output.samples[frame] < take.start + take.samples + RATE
    renewed = make(6, 3, EventSettings(newness=1))
    assert renewed.verbatim == 0 and not renewed.samples.any()
    assert any("dB from the WAV" in note for note in output.notes)


def test_wanted_brightness_is_heard(make: Callable[..., Output]) -> None:
    def centroid(wanted: float) -> float:
        values = []
        for seed in range(3):
            spectrum = np.abs(np.fft.rfft(make(4, seed, EventSettings(brightness=wanted)).audio))
            hz = np.fft.rfftfreq(4 * RATE, 1 / RATE)
            values.append(float((spectrum * hz).sum() / spectrum.sum()))
        return float(np.mean(values))

    assert centroid(0.05) * 1.4 < centroid(0.95)


def test_recordings_without_onsets_become_a_drone_and_too_few_are_an_error(codec: Codec) -> None:
    still = _material(codec, {name: _recording(name)[: 5 * RATE] for name in STILL})
    bank = gather_events(still)
    assert bank is not None
    drones = [Drone(take=index, first=take.first, frames=take.frames // 2) for index, take in enumerate(still.takes)]
    measured = np.zeros((len(drones), len(DESCRIPTORS)), np.float32)
    nothing = replace(bank, events=[], drones=drones, drone_descriptors=measured)
    for is_loop in (False, True):
        output = Events(still, nothing).new(5 * RATE + 7, 0, EventSettings(is_loop=is_loop, density=1.0, newness=0))
        assert output is not None
        assert output.audio.shape == (5 * RATE + 7,)
        assert 0 < output.verbatim < 1
        seconds = output.audio[: 5 * RATE].reshape(5, RATE)
        assert (np.square(seconds).mean(1) > 1e-7).all()
        assert any("no effect" in note for note in output.notes)
    with pytest.raises(GenerationError, match="too few"):
        Events(still, replace(nothing, drones=[])).new(RATE, 0, EventSettings())


def test_it_can_be_stopped(engine: Events) -> None:
    shares = list[float]()

    def go_on(share: float) -> bool:
        shares.append(share)
        return len(shares) < 3

    assert engine.new(8 * RATE, 0, EventSettings(), go_on=go_on) is None
    assert len(shares) == 3 and 0 < shares[0] < shares[2] < 1


def test_a_stereo_model_makes_stereo(raw_pair_model: Path) -> None:
    random = np.random.default_rng(1)
    decay = np.exp(-np.arange(RATE // 2) / 2400)
    hits = np.tile(random.normal(0, 0.3, RATE // 2) * decay, 8).astype(np.float32)
    codec = Codec.load(raw_pair_model)
    encoded = codec.encode(np.stack([hits, -0.5 * hits]))
    take = Take(
        name="hits", sha256="0", start=0, samples=encoded.samples, first=0, frames=encoded.codes.shape[1],
        gain_db=encoded.gain_db, lufs=-20.0,
    )  # fmt: skip
    stereo = Material(codec, [take], encoded.codes, describe_frames(np.stack([hits, -0.5 * hits]), 1024))
    event = [Event(take=0, start=0, onset=240, samples=8192, first=0, frames=12, gain_db=0.0, is_single=True)] * 4
    bank = EventBank(
        codec_id=codec.codec_id, material_frames=stereo.frames, events=event, codes=encoded.codes[:, :12],
        descriptors=np.zeros((4, len(COLUMNS)), np.float32), neighbours=np.zeros((4, 0), np.int64), patterns=[],
        drones=[Drone(take=0, first=0, frames=40)], drone_descriptors=np.zeros((1, len(DESCRIPTORS)), np.float32),
        rates=[2.0],
    )  # fmt: skip
    assert gather_events(stereo) is not None
    for settings in (EventSettings(), EventSettings(is_loop=True)):
        output = Events(stereo, bank).new(2 * RATE + 11, 0, settings)
        assert output is not None
        assert output.audio.shape == (2, 2 * RATE + 11)
        assert output.codes.shape == (4, -(-(2 * RATE + 11) // 1024))


def test_the_knobs_of_repetition_and_fullness_reach_the_plan_and_the_sound(material: Material, bank: EventBank) -> None:
    engines = Engines(material, None, events=bank)

    def made(**knobs: float) -> list[Audio]:
        return [one.audio for one in engines.make(Wanted(samples=6 * RATE, tempo=120.0, **knobs), [1, 2, 3])]

    def rests(sounds: list[Audio]) -> float:
        envelopes = [np.sqrt(np.square(sound[: 6 * RATE]).reshape(-1, 480).mean(1)) for sound in sounds]
        return float(np.mean([(envelope < envelope.max() / 50).mean() for envelope in envelopes]))

    def alike(sounds: list[Audio]) -> float:
        bars = [np.square(sound).reshape(3, 200, -1).mean(2) for sound in sounds]
        return float(np.mean([np.corrcoef(bar[:2])[0, 1] for bar in bars]))

    assert rests(made(fullness=0.0)) > 2 * rests(made(fullness=1.0)) + 0.1
    assert alike(made(repeat=1.0, fullness=0.2)) > alike(made(repeat=0.0, fullness=0.2)) + 0.1
    assert engines.choose(Wanted(samples=RATE, fullness=0.5), None) == "events"
    with pytest.raises(GenerationError, match="has no fullness"):
        engines.make(Wanted(samples=RATE, fullness=0.5, engine="collage"), [1])
