"""What the engine says of what it made."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from daemon.codec.codec import Codec
from daemon.workers.operations import Operations


@pytest.fixture
def engine(raw_model: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Operations whose codec answers with what `loudness` says, so that full scale can be passed on purpose."""
    monkeypatch.setattr(
        Codec, "decode", lambda self, codes, **_: np.array([0.5, 1.5, -1.2, 0.0], np.float32) * float(codes[0, 0])
    )
    return Operations(torch.device("cpu"))


SAID = "2 samples were over full scale: a limiter reduced them by up to 3.6 dB"


@pytest.mark.parametrize(("gain", "said"), [(1, SAID), (0, "")])
def test_limiting_is_said(engine: Any, raw_model: Path, tmp_path: Path, gain: int, said: str) -> None:
    out = tmp_path / "x.wav"
    codes = np.full((2, 1), gain, np.uint16)
    asked = {"model": str(raw_model), "codec_id": "", "out": str(out)}
    fields, _ = engine.decode_file(codes, **asked, samples=4, gain_db=0.0, levels=None)
    assert said in "".join(fields["notes"])
    assert bool(fields["notes"]) == bool(said)
    heard, _rate = soundfile.read(out)
    assert np.abs(heard).max() <= 1.0
