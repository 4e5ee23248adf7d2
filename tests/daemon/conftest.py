"""Recordings, corpora and codecs that several daemon tests share; torch is imported only when asked for."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from protocol.units import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from daemon.codec.config import CodecConfig

DEMO = Path(__file__).parents[2] / "scripts" / "demo"


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Tests share their cores: two OpenMP threads waiting for each other made a toy run 30 times slower."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def tone(seconds: float, hz: float, seed: int = 0) -> NDArray[np.float32]:
    """A decaying tone with two harmonics over a little noise."""
    random = np.random.default_rng(seed)
    t = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    wave = sum(np.sin(2 * np.pi * hz * k * t + k) / k for k in (1, 2, 3))
    return (0.3 * wave * np.exp(-2 * t) + 0.003 * random.standard_normal(t.size)).astype(np.float32)


@pytest.fixture(scope="session")
def tone_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twelve WAV files of 0.7 to 1.2 s."""
    import soundfile

    folder = tmp_path_factory.mktemp("tones")
    paths: list[Path] = []
    for index in range(12):
        path = folder / f"tone_{index:02d}.wav"
        audio = tone(0.7 + 0.04 * index, 110 * 2 ** (index / 4), index)
        soundfile.write(path, audio, SAMPLE_RATE_HZ, subtype="PCM_24")
        paths.append(path)
    return paths


@pytest.fixture(scope="session")
def tone_corpus(tone_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus folder made of `tone_files`."""
    from daemon.corpus.ingest import ingest

    folder = tmp_path_factory.mktemp("corpora") / "tones"
    report = ingest(tone_files, folder)
    assert report.total_files == 12
    return folder


@pytest.fixture(scope="session")
def demo_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus folder made of the committed demo recordings."""
    from daemon.corpus.ingest import ingest

    folder = tmp_path_factory.mktemp("corpora") / "demo"
    assert not ingest([DEMO], folder).errors
    return folder


@pytest.fixture(scope="session")
def toy_run(tone_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished toy model: 2 levels × 16 codes after 60 steps."""
    from daemon.runs.spec import TrainingSpec
    from daemon.training.codec_run import train

    run = tmp_path_factory.mktemp("models") / "toy"
    train(TrainingSpec(steps=60, preset="toy", seed=2), tone_corpus, run)
    return run


@pytest.fixture(scope="session")
def toy_codec(toy_run: Path):
    """The codec of `toy_run`."""
    from daemon.codec.codec import Codec

    return Codec.load(toy_run, "cpu")


@pytest.fixture
def make_tone() -> Callable[..., NDArray[np.float32]]:
    """`tone`, for tests that want their own."""
    return tone


@pytest.fixture(scope="session")
def raw_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished model's folder, 2 levels × 16 codes, whose codec was never trained: all works, nothing sounds."""
    from daemon.codec.config import CodecConfig

    config = CodecConfig(width=32, latent=20, low_bands=3, envelope_points=4, blocks=1, levels=2, codebook_size=16)
    return untrained(tmp_path_factory.mktemp("models") / "raw", config)


@pytest.fixture(scope="session")
def raw_pair_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in stereo, 4 levels × 16 codes."""
    from daemon.codec.config import CodecConfig

    config = CodecConfig(
        channels=2, side_bands=2, width=32, latent=24, low_bands=3, envelope_points=4, blocks=1,
        levels=4, codebook_size=16,
    )  # fmt: skip
    return untrained(tmp_path_factory.mktemp("models") / "pair", config)


def untrained(folder: Path, config: "CodecConfig") -> Path:
    """The folder of a finished model that never took a step."""
    import torch

    from daemon.codec.codec import Codec
    from daemon.codec.model import CodecModel
    from daemon.runs.folder import ModelCard, write_card
    from daemon.runs.reports import HeldOut

    torch.manual_seed(5)
    codec = Codec(CodecModel(config))
    codec.save(folder / "codec")
    write_card(
        folder,
        ModelCard(
            model=folder.name, codec_id=codec.codec_id, steps=0, seconds=0.0, levels=config.levels, codebook=16,
            sample_rate=SAMPLE_RATE_HZ, hop_length=config.hop_length, frame_rate=config.frame_rate,
            channels=config.channels, held_out_kind="by file", corpus="none",
            held_out=HeldOut(mel=1.0, stft=1.0, sisdr_db=0.0),
            utilisation=[1.0] * config.levels, preset="toy", seed=0, parameters=codec.parameter_count,
            kbps=config.kbps, created="2026-01-01T00:00:00+00:00",
        ),
    )  # fmt: skip
    return folder
