"""What a step looks at."""

import pytest
import torch
from torch import Tensor

from daemon.codec.model import Reconstruction
from daemon.codec.quantizer import unquantized
from daemon.dsp.measure import SCALES
from daemon.runs.spec import Recipe
from daemon.training.losses import losses, scales_of


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(3, 8192), (3, 2, 8192)])
def test_two_steps_together_see_what_all_scales_show(shape: tuple[int, ...]) -> None:
    source, made = noise(0, *shape), Reconstruction(0.5 * noise(1, *shape), unquantized(torch.zeros(1, 1, 1)))
    steps = [scales_of(7), scales_of(8)]
    assert sorted([*steps[0], *steps[1]]) == sorted(SCALES)
    whole = losses(source, made, Recipe(), 48_000)
    halves = [losses(source, made, Recipe(), 48_000, scales) for scales in steps]
    for name, of_all in whole.items():
        assert float(of_all) == pytest.approx(float(halves[0][name] + halves[1][name]) / 2, rel=1e-5), name
    assert float(halves[0]["mel"]) != pytest.approx(float(halves[1]["mel"]), rel=1e-3)
