"""scripts/bench/bench_augment.py: its tables are of one codec and say what makes them again."""

import shlex
import sys

import pytest
from msgspec.structs import replace

import bench_augment
from bench_augment import Cell, section
from daemon.codec.format import FORMAT_VERSION


def a_cell(**changes: object) -> Cell:
    cell = Cell(
        corpus="drums", files=5, seed=1, steps=150, preset="tiny", variant="none", codec=FORMAT_VERSION,
        mel=0.4, train_mel=0.3, blend=0.5, mixed=0.4, alone=0.3, ms_per_step=200,
    )  # fmt: skip
    return replace(cell, **changes)


def commands(text: str) -> list[list[str]]:
    return [
        shlex.split(line.strip("`")) for line in text.splitlines() if line.startswith("`scripts/bench/bench_augment.py")
    ]


def test_cells_of_another_codec_are_not_shown() -> None:
    text = section([a_cell(), a_cell(codec=FORMAT_VERSION - 1, mel=0.9, steps=7)])
    assert "0.400" in text
    assert "0.900" not in text and "7 steps" not in text
    assert text.splitlines()[-1].startswith("1 trainings")


def test_every_table_names_the_commands_that_make_its_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        a_cell(corpus=corpus, files=files, seed=seed, variant=variant)
        for corpus in ("drums", "loops")
        for files in (5, 12)
        for seed in (1, 2)
        for variant in ("none", "all - eq")
    ]
    made += [a_cell(corpus="kicks", steps=400), a_cell(corpus="loops", steps=400, preset="toy", files=9)]
    found = commands(section(made))
    assert len(found) == 3
    again: set[tuple[object, ...]] = set()
    for command in found:
        monkeypatch.setattr(sys, "argv", command)
        wish = bench_augment._arguments()
        order = bench_augment._order(wish)
        again |= {(name, files, seed, wish.steps, wish.preset, variant) for variant, seed, files, name in order}
    assert again == {(*cell.place, cell.variant) for cell in made}
