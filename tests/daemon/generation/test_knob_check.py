"""Which knobs hold: the verdict on measured sounds, and its file."""

from pathlib import Path

import numpy as np
import pytest

from daemon.generation.knob_check import fact_of, rank_correlation
from daemon.generation.knob_facts import KNOBS_NAME, KnobFact, read_facts, write_facts
from daemon.prior.conditions import CONDITIONS

VALUES = (-1.0, -0.5, 0.0, 0.5, 1.0)
KNOWN = np.sort(np.random.default_rng(0).normal(size=(200, len(CONDITIONS))).astype(np.float32), 0)


def _fact(name: str, **columns: list[float]) -> KnobFact:
    """The fact about a knob of sounds that measure so; other descriptors stay."""
    described = np.zeros((len(VALUES), len(CONDITIONS)), np.float32)
    for column, values in columns.items():
        described[:, CONDITIONS.index(column)] = values
    return fact_of(name, "neural", VALUES, described, KNOWN)


def test_a_knob_that_is_followed_works_and_one_that_is_not_says_how_little() -> None:
    good = _fact("brightness", brightness=[-1, -0.5, 0, 0.6, 1])
    assert good.works and good.effect == 1 and good.cross == 0 and good.why == ""
    bad = _fact("attack", attack=[0, 0.3, -0.2, 0.1, 0.05])
    assert not bad.works and "attack follows the knob at 0" in bad.why
    dead = _fact("attack")
    assert not dead.works and dead.effect == 0


def test_what_a_knob_takes_with_it_is_mentioned_and_a_reversed_one_is_no_knob_of_its_own() -> None:
    both = _fact("roughness", roughness=[-1, -0.5, 0, 0.5, 1], brightness=[1, 0.5, 0, -0.5, -1])
    assert both.works and both.cross == 1 and "less of it" in both.why
    warmth = _fact("warmth", warmth=[-1, -0.5, 0, 0.5, 1], brightness=[1, 0.5, 0, -0.5, -1])
    assert not warmth.works and warmth.why == "warmth is brightness reversed on these recordings"


def test_ties_count_half() -> None:
    assert rank_correlation([1, 2, 3], [5, 5, 5]) == 0
    assert rank_correlation([1, 2, 3, 4], [1, 1, 2, 2]) == pytest.approx(0.894, abs=1e-3)


def test_facts_of_another_codec_or_a_damaged_file_are_not_known(tmp_path: Path) -> None:
    facts = [_fact("brightness", brightness=[-1, -0.5, 0, 0.6, 1])]
    write_facts(tmp_path, "abc", facts)
    assert read_facts(tmp_path, "abc") == facts and read_facts(tmp_path, "other") == []
    (tmp_path / KNOBS_NAME).write_bytes(b"{")
    assert read_facts(tmp_path, "abc") == []
