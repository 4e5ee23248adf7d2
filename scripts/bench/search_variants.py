"""Variants for `search_codec.py`: one change of the default at a time, grouped by the part that changes."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from vector_quantize_pytorch import VectorQuantize

import daemon.codec.quantizer as quantizer
from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from daemon.codec.network import Block

DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One change: fields of `CodecConfig` and `Recipe`, options of the quantiser, and a change of a new model."""

    group: str
    name: str
    codec: dict[str, Any] = field(default_factory=dict[str, Any])
    recipe: dict[str, Any] = field(default_factory=dict[str, Any])
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    book_decay: float = quantizer.EMA_DECAY
    change: Callable[[CodecModel], None] = lambda _: None

    @property
    def title(self) -> str:
        """Group and name, the key of a cell."""
        return f"{self.group}: {self.name}"

    def enter(self) -> None:
        """Make all codebooks of this process with the variant's options."""
        options: dict[str, Any] = {**self.options, "decay": self.book_decay}

        def make(**given: Any) -> VectorQuantize:
            return VectorQuantize(**{**given, **options})

        quantizer.VectorQuantize = make  # pyright: ignore[reportAttributeAccessIssue, reportPrivateImportUsage]


def _with_phase(model: CodecModel) -> None:
    """Add the cosine and sine of every bin's phase to the encoder's input."""
    spectra, first = model.spectra, model.encoder.enter
    features = spectra.features
    wider = nn.Linear(3 * first.in_features, first.out_features)
    with torch.no_grad():
        wider.weight[:, : first.in_features] = first.weight
        wider.bias.copy_(first.bias)
    model.encoder.enter = wider

    def phased(audio: Tensor) -> Any:
        made = features(audio)
        spectrum, magnitude = spectra.floored(audio)
        unit = spectrum / magnitude
        return made._replace(spectrum=torch.cat([made.spectrum, unit.real, unit.imag], -1))

    spectra.features = phased  # pyright: ignore[reportAttributeAccessIssue]


@torch.no_grad()
def _start(model: CodecModel, share: float) -> None:
    """Change the initial size of the decoder's weights outside of its bands; 0.3 by default."""
    weight = model.decoder.leave.weight
    weight[: model.config.bins, model.config.mel_bands :] *= share / 0.3


@torch.no_grad()
def _start_blocks(model: CodecModel, scale: float) -> None:
    """Change the initial scale of the residual blocks; 0.1 by default."""
    for module in model.modules():
        if isinstance(module, Block):
            module.scale.fill_(scale)


def _without_envelope(model: CodecModel) -> None:
    """Set some dimensions of the latent to zero."""
    transients = model.spectra.transients
    measure = transients.measure
    transients.measure = lambda audio, spectrum: 0 * measure(audio, spectrum)


def _hop(hop: int, levels: int) -> dict[str, Any]:
    """Another frame rate at the same bitrate, the low band up to the same frequency or as far as the latent allows."""
    default = CodecConfig()
    free = default.latent - default.mel_bands - default.envelope_points
    bands = min(default.low_bands * hop // default.hop_length, free - 1)
    return {"hop_length": hop, "levels": levels, "low_bands": bands}


def variants() -> list[Variant]:
    """All variants, the default first."""
    made = [Variant(group=DEFAULT, name=DEFAULT)]

    def codec(group: str, **named: dict[str, Any]) -> None:
        made.extend(Variant(group=group, name=name.replace("_", " "), codec=change) for name, change in named.items())

    def recipe(group: str, **fields: list[Any]) -> None:
        made.extend(
            Variant(group=group, name=f"{name} = {value}", recipe={name: value})
            for name, values in fields.items()
            for value in values
        )

    made += [
        Variant(group="start", name=f"free channels {share}", change=functools.partial(_start, share=share))
        for share in (0.0, 0.1, 1.0)
    ]
    made += [
        Variant(group="start", name=f"blocks {scale}", change=functools.partial(_start_blocks, scale=scale))
        for scale in (0.03, 0.3)
    ]
    codec("frame rate at 3.28 kbps", hop_512=_hop(512, 5), hop_2048=_hop(2048, 20))
    codec("floor of magnitudes", **{str(floor): {"magnitude_floor": floor} for floor in (1e-3, 3e-4, 3e-5)})
    made.append(Variant(group="phase in", name="cosine and sine", change=_with_phase))
    codec("low band as a waveform", to_281_Hz={"low_bands": 12}, to_727_Hz={"low_bands": 31})
    made.append(Variant(group="fine envelope", name="none", change=_without_envelope))
    every_5_ms, every_1_ms = {"envelope_points": 4, "latent": 132}, {"envelope_points": 16, "latent": 144}
    codec("fine envelope", every_5_ms=every_5_ms, every_1_ms=every_1_ms)
    codec("width", **{str(width): {"width": width} for width in (128, 256, 384)})
    codec(
        "depth",
        one_block={"blocks": 1},
        three_blocks={"blocks": 3},
        kernel_5={"kernel": 5},
        kernel_11={"kernel": 11},
        expansion_2={"expansion": 2},
    )
    codec("latent", **{str(latent): {"latent": latent} for latent in (112, 192)})
    codec("codebook dim", **{str(dim): {"codebook_dim": dim} for dim in (4, 16)})
    codec(
        "levels × codes at 3.28 kbps",
        seven_of_1024={"levels": 7, "codebook_size": 1024},
        fourteen_of_32={"levels": 14, "codebook_size": 32},
    )
    made.append(Variant(group="quantiser", name="rotation trick", options={"rotation_trick": True}))
    made += [Variant(group="quantiser", name=f"code averages {d}", book_decay=d) for d in (0.95, 0.997)]
    recipe("quantiser", dropout_probability=[0.0, 1.0], dead_share=[0.05, 0.5], continuous_share=[0.02, 0.2])
    recipe("weights", ema_decay=[0.0, 0.98, 0.999])
    recipe("losses", stft_weight=[0.0, 5.0], wave_weight=[0.0], left_over_weight=[0.1], commitment_weight=[0.25])
    recipe("optimiser", learning_rate=[5e-4, 2e-3], final_rate=[0.2], weight_decay=[0.0])
    made.append(Variant(group="crops", name="3 of 1.4 s", recipe={"batch": 3, "crop_frames": 64}))
    made.append(Variant(group="crops", name="6 of 0.68 s", recipe={"batch": 6, "crop_frames": 32}))
    made.append(Variant(group="crops", name="24 of 0.17 s", recipe={"batch": 24, "crop_frames": 8}))
    return made
