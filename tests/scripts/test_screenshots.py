"""The pictures of the documentation can still be made: the whole script, on a model that learns tones in seconds."""

import re
import wave
from pathlib import Path

import numpy as np
import pytest

import screenshots

ROOT = Path(__file__).resolve().parents[2]
PATH = "/" + "home" + "/somebody/allele"
WORDS = {
    "train": ("demo", "held", "LISTEN", "step"),
    "editor": ("tone0", "tone1", "2 edits", "1 edit", "VISUAL", "0 body", "*", "/"),
    "codebook": ("Codebook  demo", "level 0 body", "training frames"),
    "generate": ("Generate  demo", "brightness +0.60", "seconds    2 s", "loop"),
}


def write_tone(path: Path, hz: float) -> None:
    """Three seconds with a pitch, some noise and a decay, 48 kHz mono."""
    time_s = np.arange(3 * 48_000) / 48_000
    noise = np.random.default_rng(int(hz)).standard_normal(time_s.size)
    sound = 0.4 * np.sin(2 * np.pi * hz * time_s) * np.exp(-2 * (time_s % 1)) + 0.05 * noise
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((sound * 32_000).astype("<i2").tobytes())


@pytest.mark.timeout(400)  # it trains a codec and a prior, and makes sounds
def test_the_script_draws_every_screen_of_the_real_program(tmp_path: Path) -> None:
    recordings, home = tmp_path / "recordings", tmp_path / "home"
    recordings.mkdir()
    for number in range(3):
        write_tone(recordings / f"tone{number}.wav", 110.0 * (number + 1))
    plan = screenshots.demo_plan(recordings, "tone0", "tone1", budget_s=2.0, preset="tiny")
    paths = screenshots.write_pictures(home, plan, tmp_path / "pictures")
    assert [path.stem for path in paths] == list(WORDS)
    for path in paths:
        svg = path.read_text(encoding="utf-8")
        words = screenshots.words_of(svg)
        assert [word for word in WORDS[path.stem] if word not in words] == []
        assert "font-face" not in svg


@pytest.mark.parametrize("name", WORDS)
def test_the_pictures_of_the_documentation_need_no_network(name: str) -> None:
    svg = (ROOT / "docs" / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"\s]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert screenshots.traces(svg, Path(PATH)) == []


def test_a_path_in_a_picture_is_noticed() -> None:
    svg = f"<text>daemon&#160;of {PATH}</text>"
    assert screenshots.traces(svg, Path(PATH)) == [PATH]
    assert screenshots.traces("<style>url(https://fonts.example/mono.woff2)</style>", Path(PATH)) != []
