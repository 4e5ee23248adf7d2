"""The search: its variants can be built and differ, its table compares with all defaults, a cell is run once."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile as sf
from msgspec.structs import replace

import search_codec
from daemon.codec.config import CodecConfig
from daemon.codec.format import FORMAT_VERSION
from daemon.runs.spec import Recipe
from peers.synthesis import one_sound
from search_variants import DEFAULT, variants


def test_every_variant_can_be_built_and_is_no_default() -> None:
    titles = [variant.title for variant in variants()]
    assert len(set(titles)) == len(titles)
    for variant in variants():
        codec, recipe = replace(CodecConfig(), **variant.codec), replace(Recipe(), **variant.recipe)
        is_patched = variant.options or variant.book_decay != variants()[0].book_decay
        is_changed = variant.change is not variants()[0].change
        is_other = codec != CodecConfig() or recipe != Recipe() or is_patched or is_changed
        assert bool(is_other) == (variant.title != f"{DEFAULT}: {DEFAULT}"), variant.title
        if "at 3.28 kbps" in variant.group:
            assert codec.kbps == pytest.approx(CodecConfig().kbps), variant.title


def a_cell(title: str, fold: int, mel: float, seed: int = 0) -> search_codec.Cell:
    return search_codec.Cell(
        key=f"{title}{fold}{seed}",
        title=title,
        fold=fold,
        seed=seed,
        steps=10,
        cost=1.0,
        mel=mel,
        stft=1.0,
        sisdr_db=-9.0,
        least_used=0.8,
        parameters=2_000_000,
    )


def test_changes_are_against_the_mean_of_the_defaults_of_a_fold() -> None:
    wish = SimpleNamespace(corpus=Path("demo"), steps=10, seeds=[0], folds=2)
    cells = [
        *(a_cell(f"{DEFAULT}: {DEFAULT}", fold, mel) for fold, mel in enumerate((0.3, 0.8))),
        *(a_cell(f"{DEFAULT}: {DEFAULT}", fold, mel, seed=1) for fold, mel in enumerate((0.5, 0.8))),
        *(a_cell("width: 1", fold, mel) for fold, mel in enumerate((0.2, 0.8))),
    ]
    row = next(line for line in search_codec._table(cells, wish, 2).splitlines() if "width: 1" in line)
    assert "| 2 | -25.0% | -50.0% to +0.0% |" in row


def test_a_cell_is_trained_once(tmp_path: Path) -> None:
    root, sounds = search_codec.ROOT, tmp_path / "few"
    sounds.mkdir()
    for index in range(3):
        name, sound = one_sound(index)
        sf.write(sounds / f"{name}.wav", sound[:48_000], 48_000)
    command = [
        sys.executable,
        str(root / "scripts" / "bench" / "search_codec.py"),
        "--steps",
        "1",
        "--folds",
        "1",
        "--dry-run",
    ]
    command += ["--work", str(tmp_path), "--corpus", str(sounds), "--only", "no such thing"]
    # the default is trained with four seeds; three of them are said to be done
    done = [a_cell(f"{DEFAULT}: {DEFAULT}", 0, 0.4, seed) for seed in search_codec.DEFAULT_SEEDS[1:]]
    keys = [f"{FORMAT_VERSION}|few|1|{cell.seed}|0|{cell.title}" for cell in done]
    lines = [search_codec.msgspec.json.encode(replace(c, key=k)) for c, k in zip(done, keys, strict=True)]
    (tmp_path / "cells.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    for trained in (1, 0):
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert said.count("fold 0, seed 0\n") == said.count("fold 0") == trained
    assert f"| {DEFAULT}: {DEFAULT} |" in said
    assert len((tmp_path / "cells.jsonl").read_bytes().splitlines()) == 4
