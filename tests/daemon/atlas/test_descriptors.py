"""Sounds whose qualities are known by construction, ordered rightly by what is measured of them."""

from typing import Any

import numpy as np
import pytest
import torch

from daemon.atlas.descriptors import DESCRIPTORS, UNITS, describe
from protocol import atlas as words

LENGTH = 4096
T = np.arange(LENGTH) / 48_000


def noise(seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(0, 0.1, LENGTH)


def tone(hz: float, level: float = 0.2) -> Any:
    return level * np.sin(2 * np.pi * hz * T)


def chord(*hz: float) -> Any:
    return sum(tone(one) for one in hz)


def low_passed(sound: Any) -> Any:
    return np.convolve(sound, np.ones(24) / 24, "same")


def measured(name: str, *sounds: Any) -> list[float]:
    table = describe(torch.tensor(np.stack(sounds), dtype=torch.float32))
    return table[:, DESCRIPTORS.index(name)].tolist()


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("loudness", noise() * 0.5, noise()),
        ("brightness", low_passed(noise()), noise()),
        ("spread", tone(440), tone(440) + 0.3 * noise()),
        ("noisiness", tone(440), noise()),
        ("roughness", tone(1000), tone(1000) * (1 + np.sin(2 * np.pi * 70 * T)) / 2),
        ("roughness", chord(1000, 1009), chord(1000, 1070)),
        ("warmth", tone(3000) + tone(200, 0.05), tone(3000, 0.05) + tone(200)),
        ("attack", noise(), noise() * (T > 0.05)),
        ("pitch", noise(), chord(220, 440, 660)),
    ],
)
def test_each_descriptor_orders_what_it_is_about(name: str, less: Any, more: Any) -> None:
    low, high = measured(name, less, more)
    assert low < high - 0.02


def test_only_loudness_hears_a_change_of_level() -> None:
    sound = noise() + tone(300)
    quiet, loud = describe(torch.tensor(np.stack([sound / 4, sound]), dtype=torch.float32)).tolist()
    for name, unit, one, other in zip(DESCRIPTORS, UNITS, quiet, loud, strict=True):
        if name == "loudness":
            assert other - one == pytest.approx(12.04, abs=0.05)
        else:
            assert one == pytest.approx(other, abs=0.05 if unit == "dB" else 0.01), name


def test_a_band_moved_up_an_octave_is_an_octave_brighter() -> None:
    one, other = measured("brightness", chord(900, 1000, 1100), chord(1800, 2000, 2200))
    assert other - one == pytest.approx(1.0, abs=0.1)


def test_silence_and_clicks_are_finite() -> None:
    click = np.zeros(LENGTH)
    click[2000] = 1.0
    table = describe(torch.tensor(np.stack([np.zeros(LENGTH), click]), dtype=torch.float32))
    assert torch.isfinite(table).all()


def test_both_sides_have_the_same_descriptors_in_the_same_units() -> None:
    assert tuple(words.DESCRIPTORS) == DESCRIPTORS
    assert tuple(one.unit for one in words.DESCRIPTORS.values()) == UNITS
    assert len(words.DIRECTIONS) == 2 * len(DESCRIPTORS)
