"""Plans of the events engine: where events lie, how many there are, and what repeats."""

import numpy as np
import pytest

from daemon.generation.errors import GenerationError
from daemon.generation.event_bank import COLUMNS, Event, EventBank, Pattern
from daemon.generation.event_grid import densities, make_plan
from daemon.generation.event_settings import EventSettings

RATE = 48_000


def _bank(patterns: list[Pattern], rates: list[float]) -> EventBank:
    """Forty events without codes."""
    random = np.random.default_rng(0)
    events = [
        Event(take=i // 8, start=0, onset=240, samples=4800, first=0, frames=8, gain_db=0, is_single=True)
        for i in range(40)
    ]
    return EventBank(
        codec_id="codec", material_frames=1, events=events, codes=np.zeros((2, 8), np.uint16),
        descriptors=random.normal(size=(40, len(COLUMNS))).astype(np.float32),
        neighbours=np.zeros((40, 0), np.int64), patterns=patterns, drones=[],
        drone_descriptors=np.zeros((0, len(COLUMNS) - 1), np.float32), rates=rates,
    )  # fmt: skip


@pytest.fixture
def bank() -> EventBank:
    places = [0, 0.75, 1, 2, 2.5, 3, 3.75, 4, 5, 5.25, 6, 7, 7.5]
    pattern = Pattern(take=0, bpm=100.0, beats=8.0, places=places, events=list(range(13)))
    return _bank([pattern], [1.0, 2.0, 3.0, 5.0, 6.0])


@pytest.mark.parametrize("tempo", [61.3, 100.0, 187.0])
def test_every_onset_lies_on_a_sixteenth_of_the_wanted_tempo(bank: EventBank, tempo: float) -> None:
    for seed in range(5):
        plan = make_plan(bank, 10 * RATE, seed, EventSettings(tempo=tempo))
        steps = np.array([slot.at for slot in plan.slots]) / RATE * tempo / 15 * 2  # of thirty-seconds
        assert np.abs(steps - np.rint(steps)).max() < 1e-3
        assert plan.slots[0].at == 0
        assert plan.bpm == tempo


def test_density_is_the_number_of_onsets_and_moves_none(bank: EventBank) -> None:
    low, high = densities(bank)
    for seed in range(4):
        plans = [make_plan(bank, 16 * RATE, seed, EventSettings(tempo=90, density=d / 8)) for d in range(9)]
        counts = [len(plan.slots) for plan in plans]
        assert counts == sorted(counts)
        assert counts[-1] > counts[0]
        for density, count in zip(np.linspace(0, 1, 9), counts, strict=True):
            assert count / 16 == pytest.approx(low * (high / low) ** density, rel=0.15)
    still = EventSettings(tempo=90, repeat=1.0)
    sparse, dense = (
        {slot.at for slot in make_plan(bank, 8 * RATE, 3, _with(still, density)).slots} for density in (0.2, 0.5)
    )
    assert sparse <= dense


def _with(settings: EventSettings, density: float) -> EventSettings:
    return EventSettings(tempo=settings.tempo, repeat=settings.repeat, density=density)


def test_repeat_1_is_a_strict_loop_and_less_varies_more(bank: EventBank) -> None:
    def changed(repeat: float) -> float:
        shares = []
        for seed in range(8):
            settings = EventSettings(tempo=120, repeat=repeat, density=0.5)
            slots = make_plan(bank, 16 * RATE, seed, settings).slots
            shares.append(np.mean([slot.is_varied for slot in slots if slot.at >= 4 * RATE]))
        return float(np.mean(shares))

    assert changed(1.0) == 0.0
    assert 0.08 < changed(0.8) < 0.32
    assert changed(0.2) > 2 * changed(0.8)


def test_a_loop_is_a_whole_number_of_beats_and_its_last_slot_ends_at_its_first(bank: EventBank) -> None:
    samples = round(7.31 * RATE)
    plan = make_plan(bank, samples, 0, EventSettings(is_loop=True))
    beats = samples / RATE * plan.bpm / 60
    assert beats == pytest.approx(round(beats), abs=1e-6)
    last = plan.slots[-1]
    assert last.at + last.samples == samples + plan.slots[0].at
    assert "no whole beat" in make_plan(bank, samples, 0, EventSettings(is_loop=True, tempo=100)).notes[0]


def test_without_any_rhythm_there_is_a_plain_one_and_a_note() -> None:
    plan = make_plan(_bank([], []), 8 * RATE, 0, EventSettings())
    assert plan.bpm == 120
    assert len(plan.slots) >= 4
    assert "120 bpm" in plan.notes[0]


@pytest.mark.parametrize(
    ("samples", "seed", "settings"),
    [
        (0, 0, EventSettings()),
        (-48_000, 0, EventSettings()),
        (1801 * RATE, 0, EventSettings()),
        (RATE, -1, EventSettings()),
        (RATE, 0, EventSettings(density=float("nan"))),
        (RATE, 0, EventSettings(full=1.01)),
        (RATE, 0, EventSettings(newness=float("inf"))),
        (RATE, 0, EventSettings(attack=-0.1)),
        (RATE, 0, EventSettings(tempo=float("nan"))),
        (RATE, 0, EventSettings(tempo=2.0)),
        (RATE // 2, 0, EventSettings(tempo=60.0, is_loop=True)),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_a_hint(samples: int, seed: int, settings: EventSettings) -> None:
    with pytest.raises(GenerationError) as raised:
        settings.check(samples, seed)
    assert raised.value.hint
