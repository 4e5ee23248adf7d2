"""The note about a sound that a model does not reproduce well."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from daemon.runs.folder import MODEL_NAME
from daemon.workers.operations import Operations
from protocol.units import SAMPLE_RATE_HZ


def notes_of(model: Path, path: Path) -> list[str]:
    fields, _ = Operations(torch.device("cpu")).encode_file(model=str(model), path=str(path))
    return fields["notes"]


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    """Two seconds of silence with a click in every quarter."""
    audio = np.zeros(2 * SAMPLE_RATE_HZ, np.float32)
    audio[:: SAMPLE_RATE_HZ // 4] = 0.9
    soundfile.write(tmp_path / "clicks.wav", audio, SAMPLE_RATE_HZ)
    return tmp_path / "clicks.wav"


def test_a_sound_unlike_the_corpus_is_named(toy_run: Path, tone_files: list[Path], clicks: Path) -> None:
    usual = json.loads((toy_run / MODEL_NAME).read_bytes())["held_out"]["mel"]
    assert notes_of(toy_run, tone_files[0]) == []
    (note,) = notes_of(toy_run, clicks)
    assert note.startswith("unlike the recordings that toy was trained on")
    assert f"held-out recordings by {usual:.2f};" in note


def test_a_long_sound_is_listened_to_in_places(toy_run: Path, tone_files: list[Path], tmp_path: Path) -> None:
    tone, rate = soundfile.read(tone_files[0], dtype="float32")
    soundfile.write(tmp_path / "long.wav", np.resize(tone, 20 * rate), rate)
    assert notes_of(toy_run, tmp_path / "long.wav") == []


@pytest.mark.parametrize("card", [b"{}", b"not json", None])
def test_a_model_without_a_readable_card_is_not_compared_with(
    toy_run: Path, clicks: Path, tmp_path: Path, card: bytes | None
) -> None:
    model = shutil.copytree(toy_run, tmp_path / "toy")
    (model / MODEL_NAME).unlink()
    if card is not None:
        (model / MODEL_NAME).write_bytes(card)
    assert notes_of(model, clicks) == []


def test_one_channel_in_a_stereo_model_is_compared_as_two(raw_pair_model: Path, clicks: Path) -> None:
    """An untrained model is far off whatever comes, and this one claims to be near."""
    path = shutil.copytree(raw_pair_model, clicks.parent / "pair")
    card = json.loads((path / MODEL_NAME).read_bytes())
    card["held_out"]["mel"] = 0.01
    (path / MODEL_NAME).write_text(json.dumps(card))
    assert any(note.startswith("unlike the recordings that pair") for note in notes_of(path, clicks))
