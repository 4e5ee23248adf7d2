"""The files of scripts/chaos.py: prepare its home, and check at the end that everything in it can be read."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from chaos_parts.requests import LostError

PREPARE = """
import sys
from pathlib import Path
import numpy as np, torch
from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from daemon.corpus.ingest import ingest
from daemon.training.codec_run import train
from daemon.runs.spec import TrainingSpec
import soundfile

home = Path(sys.argv[1])
sounds = home / "sounds"
sounds.mkdir(parents=True)
t = np.arange(48_000) / 48_000
for number in range(6):
    soundfile.write(sounds / f"{number}.wav", 0.3 * np.sin(2 * np.pi * 110 * (number + 1) * t) * np.exp(-3 * t), 48_000)
ingest([sounds], home / "corpora" / "tones")
train(TrainingSpec(preset="toy", steps=2), home / "corpora" / "tones", home / "models" / "toy")
"""
VERIFY = """
import json
import sys
from pathlib import Path

import numpy as np
import safetensors

from protocol.atomic import TEMP_PREFIX
from daemon.corpus.records import load_corpus

home = Path(sys.argv[1])
READS = {
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".npy": lambda path: np.load(path, mmap_mode="r", allow_pickle=False),
    ".safetensors": lambda path: safetensors.safe_open(path, "np").keys(),
}
for path in sorted(home.rglob("*")):
    if path.suffix in READS and path.is_file() and not path.name.startswith(TEMP_PREFIX):
        try:
            READS[path.suffix](path)
        except Exception as problem:
            raise SystemExit(f"{path}: {type(problem).__name__}: {problem}")
for folder in sorted(home.glob("corpora/*")):
    corpus = load_corpus(folder)
    for record in corpus.usable:
        corpus.audio(record)
for folder in sorted(home.glob("models/*")):
    if (folder / "model.json").exists():
        from daemon.codec.codec import Codec

        Codec.load(folder)
"""


def check_files(home: Path) -> None:
    """Check databases, corpora, models and all other files with final names, after all processes have ended.

    Raises:
        LostError: a file is damaged.
    """
    for path in home.rglob("*.sqlite"):
        with sqlite3.connect(path) as database:
            result = database.execute("PRAGMA integrity_check").fetchone()[0]
        if result != "ok":
            raise LostError(f"{path}: {result}")
    done = subprocess.run([sys.executable, "-c", VERIFY, str(home)], capture_output=True, text=True)
    if done.returncode:
        raise LostError(f"a file is damaged: {done.stderr.strip().splitlines()[-1]}")
