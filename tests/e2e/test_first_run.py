"""The README's first command without a terminal, on the demo recordings; also on a home of an earlier Allele."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import soundfile

RUN = Path(__file__).parents[2] / "scripts" / "run_demo.py"


def run(fresh: Any) -> str:
    """`scripts/run --headless` without the set-up, with the least training."""
    command = [sys.executable, "-P", str(RUN), "--headless", "--home", str(fresh.home), "--out", "out"]
    ran = subprocess.run(
        [*command, "--budget", "1s", "--preset", "toy"],
        cwd=fresh.folder, env=fresh.environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_demo_ends_in_a_wav_again_at_once_and_after_a_change_of_format(fresh: Any) -> None:
    said = run(fresh)
    assert "files" in said and "training demo" in said
    (wav,) = (fresh.folder / "out").glob("*.wav")
    assert str(Path("out") / wav.name) in said and soundfile.info(wav).samplerate == 48_000
    wav.unlink()
    assert "corpus demo exists already" in (said := run(fresh)) and "model demo exists already" in said
    assert wav.exists()

    described = fresh.home / "models" / "demo" / "codec" / "codec.json"
    described.write_text(json.dumps(json.loads(described.read_text()) | {"version": 1}))
    refused = fresh("encode", wav, "--model", "demo").error
    assert "codec format 1" in refused and "allele model delete demo" in refused
    listed = fresh("model", "list")
    assert listed.status == 0 and "codec format 1" in listed.err
    said = run(fresh)
    assert "moved to" in said and "training demo" in said
    (old,) = (fresh.home / "trash").glob("model-demo-*")
    assert json.loads((old / "codec" / "codec.json").read_text())["version"] == 1

    shown = fresh("model", "delete", "demo", "--json").json
    assert shown.keys() == {"deleted", "detail", "restore", "strands"}
    assert "allele model restore demo" in fresh("encode", wav, "--model", "demo").error
    assert fresh(*shown["restore"].split()[1:], "--as", "demo 2", "--json").json["restored"] == "demo 2"
    assert fresh("encode", wav, "--model", "demo 2").status == 0
