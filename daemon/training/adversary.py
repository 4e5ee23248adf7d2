"""Discriminators that distinguish recordings from decodes by their spectra, and the decoder's losses from them.

References: A. Défossez et al., "High fidelity neural audio compression", 2022, section 3.4 and figure 2 (discriminators
of complex spectra at several resolutions, hinge losses, relative feature distances, and the balancing of gradients).
Deviations: magnitudes are compressed to the power 0.3, because otherwise a network sees only the loudest partial; the
first layers have a stride of four bins, so that a CPU can afford one pass per step; gradients are balanced against the
current size of the reconstruction's gradient alone.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from daemon.dsp.framing import analyse
from daemon.training.tensors import pack_optimizer, unpack_optimizer

WINDOWS = (2048, 1024, 512)
"""Window lengths in samples, one discriminator each, on an accelerator; a CPU uses only the middle one."""
CHANNELS = 16
COMPRESSION = 0.3
LEAST_MAGNITUDE = 1e-3
WON = 0.4
"""Hinge loss, 2 at chance, below which the discriminators pause: the decoder learns nothing from perfect ones."""
_LEAK = 0.2
_OPTIMIZER = "optimizer."


class Discrimination(NamedTuple):
    """Output of a discriminator for `[B, L]`."""

    score: Tensor
    """`[B, 1, frames, bands]`: above 0 a recording, below a decode."""
    features: list[Tensor]
    """Feature maps of each layer."""


class Discriminator(nn.Module):
    """Discriminator of one resolution: convolutions over frames and bins of a complex spectrum."""

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

    def forward(self, audio: Tensor) -> Discrimination:
        spectrum = analyse(audio, self._n_fft, self._n_fft // 4)
        energy = spectrum.real.square() + spectrum.imag.square() + LEAST_MAGNITUDE**2
        spectrum = spectrum * energy.pow((COMPRESSION - 1) / 2)
        seen = torch.stack([spectrum.real, spectrum.imag], 1)
        features: list[Tensor] = []
        for layer in self.layers:
            seen = F.leaky_relu(layer(seen), _LEAK)
            features.append(seen)
        return Discrimination(self.leave(seen), features)


class Adversary:
    """The discriminators of all resolutions with their optimiser."""

    def __init__(self, rate: float, seed: int, device: torch.device) -> None:
        windows = WINDOWS[1:2] if device.type == "cpu" else WINDOWS
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._judges = nn.ModuleList(Discriminator(n_fft) for n_fft in windows).to(device)
        self._optimizer = torch.optim.AdamW(self._judges.parameters(), lr=rate, betas=(0.5, 0.9))

    def learn(self, recorded: Tensor, made: Tensor) -> float:
        """Take one discriminator step on `[B, L]` each; returns the mean hinge loss, 2 at chance, 0 if never fooled."""
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
        """Losses for the decoder: the adversarial loss of `made`, and the distance of its features to `recorded`'s."""
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
        """Tensors of the discriminators and their optimiser for a checkpoint."""
        moments = {f"{_OPTIMIZER}{name}": tensor for name, tensor in pack_optimizer(self._optimizer).items()}
        return {**self._judges.state_dict(), **moments}

    def unpack(self, tensors: dict[str, Tensor]) -> None:
        """Restore the state that `pack` returned."""
        moments = {name: tensor for name, tensor in tensors.items() if name.startswith(_OPTIMIZER)}
        self._judges.load_state_dict({name: t for name, t in tensors.items() if name not in moments})
        unpack_optimizer(self._optimizer, {name.removeprefix(_OPTIMIZER): t for name, t in moments.items()})


def balanced(leading: Tensor, *others: tuple[float, Tensor]) -> Tensor:
    """Add shares of other gradients to a leading one; each is first scaled to the leading one's norm."""
    size, total = leading.norm(), leading
    for share, gradient in others:
        total = total + share * size / gradient.norm().clamp_min(1e-12) * gradient
    return total
