"""What tells recordings from decodes: three small networks that look at spectra, and what the decoder learns of them.

References: A. Défossez et al., "High fidelity neural audio compression", 2022, section 3.4 and figure 2 (discriminators
of complex spectra at several resolutions, hinge losses, distances of features relative to their size, and the balance
of gradients). Deviations: magnitudes to the power 0.3 go in, or a network sees nothing but the loudest partial; four
bins are passed over at a time in the first layers, so that a CPU can afford one look at a step's crops; the
balance is against the gradient of the reconstruction alone, at its present size.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from daemon.dsp.framing import analyse
from daemon.training.checkpoint import pack_optimizer, unpack_optimizer

WINDOWS = (2048, 1024, 512)
"""Samples, on an accelerator; a CPU affords the middle one."""
CHANNELS = 16
COMPRESSION = 0.3
LEAST_MAGNITUDE = 1e-3
WON = 0.4
"""Hinge loss, 2 at chance, under which the discriminators wait for the decoder: nobody learns from a lost game."""
_LEAK = 0.2
_OPTIMIZER = "optimizer."


class Judgement(NamedTuple):
    """What a discriminator makes of `[B, L]`."""

    score: Tensor
    """`[B, 1, frames, bands]`: above 0 a recording, below a decode."""
    features: list[Tensor]
    """Of each layer."""


class Discriminator(nn.Module):
    """Convolutions over frames and bins of one window's complex spectrum."""

    def __init__(self, n_fft: int) -> None:
        super().__init__()
        self._n_fft = n_fft
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(before, after, (3, bins), (step, skip), (1, bins // 2)))
            for before, after, bins, step, skip in (
                (2, CHANNELS, 9, 1, 4),
                (CHANNELS, 2 * CHANNELS, 9, 2, 4),
                (2 * CHANNELS, 2 * CHANNELS, 5, 1, 2),
                (2 * CHANNELS, 2 * CHANNELS, 3, 1, 1),
            )
        )
        self.leave = weight_norm(nn.Conv2d(2 * CHANNELS, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> Judgement:
        spectrum = analyse(audio, self._n_fft, self._n_fft // 4)
        energy = spectrum.real.square() + spectrum.imag.square() + LEAST_MAGNITUDE**2
        spectrum = spectrum * energy.pow((COMPRESSION - 1) / 2)
        seen = torch.stack([spectrum.real, spectrum.imag], 1)
        features: list[Tensor] = []
        for layer in self.layers:
            seen = F.leaky_relu(layer(seen), _LEAK)
            features.append(seen)
        return Judgement(self.leave(seen), features)


class Adversary:
    """The discriminators with their optimiser."""

    def __init__(self, rate: float, seed: int, device: torch.device) -> None:
        windows = WINDOWS[1:2] if device.type == "cpu" else WINDOWS
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._judges = nn.ModuleList(Discriminator(n_fft) for n_fft in windows).to(device)
        self._optimizer = torch.optim.AdamW(self._judges.parameters(), lr=rate, betas=(0.5, 0.9))

    def learn(self, recorded: Tensor, made: Tensor) -> float:
        """One step of the discriminators on `[B, L]` each; their mean hinge loss, 2 at chance, 0 when nothing fools."""
        made = made.detach()
        losses = [
            F.relu(1 - judge(recorded).score).mean() + F.relu(1 + judge(made).score).mean() for judge in self._judges
        ]
        hinge = torch.stack(losses).mean()
        if torch.isfinite(hinge) and hinge > WON:
            self._optimizer.zero_grad(set_to_none=True)
            hinge.backward()
            self._optimizer.step()
        return float(hinge.detach())

    def judge(self, recorded: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
        """How far `made` is from passing for a recording, and how far its features are from those of `recorded`."""
        self._judges.requires_grad_(False)
        scores, distances = list[Tensor](), list[Tensor]()
        for judge in self._judges:
            with torch.no_grad():
                wanted = judge(recorded).features
            got = judge(made)
            scores.append(-got.score.mean())
            each = [(a - b).abs().mean() / b.abs().mean() for a, b in zip(got.features, wanted, strict=True)]
            distances.append(torch.stack(each).mean())
        self._judges.requires_grad_(True)
        return torch.stack(scores).mean(), torch.stack(distances).mean()

    def pack(self) -> dict[str, Tensor]:
        """Everything a resumed run needs."""
        moments = {f"{_OPTIMIZER}{name}": tensor for name, tensor in pack_optimizer(self._optimizer).items()}
        return {**self._judges.state_dict(), **moments}

    def unpack(self, tensors: dict[str, Tensor]) -> None:
        """Go back to what `pack` gave."""
        moments = {name: tensor for name, tensor in tensors.items() if name.startswith(_OPTIMIZER)}
        self._judges.load_state_dict({name: t for name, t in tensors.items() if name not in moments})
        unpack_optimizer(self._optimizer, {name.removeprefix(_OPTIMIZER): t for name, t in moments.items()})


def balanced(leading: Tensor, *others: tuple[float, Tensor]) -> Tensor:
    """A gradient with shares of others, each brought to the size of the leading one first, whatever its loss weighs."""
    size, total = leading.norm(), leading
    for share, gradient in others:
        total = total + share * size / gradient.norm().clamp_min(1e-12) * gradient
    return total
