"""What the engine says of what it made."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from daemon.codec.codec import Codec
from daemon.dsp.limiter import limit
from daemon.workers.operations import Operations


@pytest.fixture
def engine(raw_model: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Operations whose codec answers with what `loudness` says, so that full scale can be passed on purpose."""
    sound = np.array([0.5, 1.5, -1.2, 0.0], np.float32)
    monkeypatch.setattr(Codec, "decode", lambda self, codes, **_: sound * float(codes[0, 0]))
    return Operations(torch.device("cpu"))


SAID = "limited by 3.6 dB at 0.00 s: 2 samples were over full scale"


@pytest.mark.parametrize(("gain", "said"), [(1, SAID), (0, "")])
def test_limiting_is_said(engine: Any, raw_model: Path, tmp_path: Path, gain: int, said: str) -> None:
    out = tmp_path / "x.wav"
    codes = np.full((2, 1), gain, np.uint16)
    asked = {"model": str(raw_model), "codec_id": "", "out": str(out)}
    fields, _ = engine.decode_file(codes, np.zeros(1, np.float32), **asked, samples=4, levels=None)
    assert said in "".join(fields["notes"])
    assert bool(fields["notes"]) == bool(said)
    heard, _rate = soundfile.read(out)
    assert np.abs(heard).max() <= 1.0


def test_what_is_heard_is_what_is_saved(raw_model: Path, tmp_path: Path) -> None:
    """A loud part is limited alike in the file and in every region, also next to the region's ends."""
    codes = np.random.default_rng(5).integers(0, 16, (2, 40)).astype(np.uint16)
    gains = np.full(40, -20.0, np.float32)
    operations, out = Operations(torch.device("cpu")), tmp_path / "x.wav"
    asked = {"model": str(raw_model), "codec_id": "", "levels": None}
    quiet = operations.decode(codes, gains, lo=0, hi=40, **asked)[1][0]
    gains[18:22] -= 20 * np.log10(np.abs(quiet).max()) - 6  # twice full scale
    fields, _ = operations.decode_file(codes, gains, out=str(out), samples=40 * 1024, **asked)
    (note,) = fields["notes"]
    assert note.startswith("limited by ") and 0.38 <= float(note.split(" at ")[1].split()[0]) <= 0.47, note
    saved, _rate = soundfile.read(out, dtype="float32")
    whole = operations.decode(codes, gains, lo=0, hi=40, **asked)[1][1]
    assert note.startswith(f"limited by {whole.max():.1f} dB") and not whole[:17].any() and not whole[23:].any()
    for lo, hi in ((0, 40), (0, 18), (17, 18), (18, 20), (20, 23), (22, 40)):
        first, past = max(0, lo - 9), min(40, hi + 9)
        _, (heard, reduced) = operations.decode(
            codes[:, first:past], gains[first:past], lo=lo - first, hi=hi - first, **asked
        )
        np.testing.assert_allclose(reduced if reduced.size else np.zeros(hi - lo), whole[lo:hi], atol=1e-4)
        assert np.abs(heard - saved[lo * 1024 : hi * 1024]).max() < 1e-3, (lo, hi)


def test_a_part_of_a_file_is_that_part_of_the_whole(
    raw_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The limiter and the dither at the edges of a part are those of the whole, also where both act."""
    random = np.random.default_rng(1)
    sound = (0.6 * random.standard_normal((2, 20_000))).astype(np.float32)
    sound[:, 15_000:] *= 0.1
    monkeypatch.setattr(Codec, "decode", lambda self, codes, **_: sound)
    operations = Operations(torch.device("cpu"))

    def written(part: list[int] | None) -> tuple[Any, dict[str, Any]]:
        out = tmp_path / "x.wav"
        fields, _ = operations.decode_file(
            np.zeros((2, 1), np.uint16),
            np.zeros(1, np.float32),
            model=str(raw_model),
            codec_id="",
            out=str(out),
            samples=20_000,
            levels=None,
            part=part,
        )
        return soundfile.read(out, dtype="int32")[0], fields

    whole, _ = written(None)
    for first, past in ((0, 20_000), (7_001, 7_002), (123, 15_123), (19_999, 20_000)):
        part, fields = written([first, past])
        assert np.array_equal(part, whole[first:past])
        assert fields["samples"] == past - first and fields["seconds"] == (past - first) / 48_000
        gain = limit(sound).gain
        assert gain is not None and bool(fields["notes"]) == bool(gain[first:past].min() < 1.0)
    _, fields = written([123, 15_123])
    over = int(np.count_nonzero(np.abs(sound[:, 123:15_123]).max(axis=0) > 1.0))
    level = np.abs(sound[:, 123:15_123]).max(axis=0)
    at_s = (123 + int(level.argmax())) / 48_000
    assert fields["notes"][0].endswith(f"at {at_s:.2f} s of the strand: {over} samples were over full scale")


def test_a_part_of_a_long_file_is_bitwise_that_of_the_whole_and_the_rest_is_not_decoded(
    raw_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    operations = Operations(torch.device("cpu"))
    codec = Codec.load(raw_model, torch.device("cpu"))
    levels, codes, frames = codec.config.levels, codec.config.codebook_size, 2400
    random = np.random.default_rng(3)
    grid = random.integers(0, codes, (levels, frames)).astype(np.uint16)
    loud = 20 * np.log10(1.5 / np.abs(codec.decode(grid[:, :64])).max())
    gains = (loud + random.normal(0, 3, frames)).astype(np.float32)  # the limiter acts in many places
    decoded = list[int]()
    real = Codec._decode_range

    def counted(self: Codec, grid: Any, lo: int, hi: int, *more: Any) -> Any:
        decoded.append(hi - lo)
        return real(self, grid, lo, hi, *more)

    monkeypatch.setattr(Codec, "_decode_range", counted)

    def written(part: list[int] | None) -> Any:
        where: Any = {"model": str(raw_model), "codec_id": "", "out": str(tmp_path / "x.wav"), "levels": None}
        operations.decode_file(grid, gains, samples=frames * 1024 - 300, part=part, **where)
        return soundfile.read(tmp_path / "x.wav", dtype="int32")[0]

    whole = written(None)
    assert sum(decoded) == frames
    for first, past in (
        (0, 7),
        (512 * 1024, 512 * 1024 + 9001),
        (1_300_001, 1_350_000),
        (len(whole) - 5000, len(whole)),
    ):
        decoded.clear()
        assert np.array_equal(written([first, past]), whole[first:past])
        assert sum(decoded) <= 1024
