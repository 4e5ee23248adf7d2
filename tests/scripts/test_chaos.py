"""scripts/chaos.py: what it calls damaged, and what it does not."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chaos import LostError, check_files
from daemon.corpus.ingest import ingest
from peers.synthesis import one_sound
from protocol.atomic import TEMP_PREFIX


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sounds").mkdir()
    soundfile.write(tmp_path / "sounds" / "pad.wav", one_sound(6)[1][:24_000], 48_000)
    ingest([tmp_path / "sounds"], tmp_path / "corpora" / "tones")
    (tmp_path / "models" / "half").mkdir(parents=True)
    (tmp_path / "models" / "half" / "run.json").write_text(json.dumps({"whole": True}))
    (tmp_path / "models" / "half" / f"{TEMP_PREFIX}x.json").write_text('{"torn')
    return tmp_path


def test_what_a_killed_writer_left_under_a_temporary_name_is_no_damage(home: Path) -> None:
    check_files(home)


def test_a_torn_file_is_named(home: Path) -> None:
    (home / "models" / "half" / "run.json").write_text('{"torn')
    with pytest.raises(LostError, match=r"half/run\.json: JSONDecodeError"):
        check_files(home)


def test_audio_that_is_shorter_than_its_index_says_is_damage(home: Path) -> None:
    audio = next((home / "corpora" / "tones").rglob("*.npy"))
    np.save(audio, np.load(audio)[:, :-1])
    with pytest.raises(LostError, match="damaged"):
        check_files(home)
