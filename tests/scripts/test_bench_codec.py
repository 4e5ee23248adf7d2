"""bench_codec.py: what is done stays done, what was killed is run again, and the table says what it knows."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pytest
import soundfile as sf
from msgspec.structs import replace

import bench_codec
from peers.corpora import FILES_OF_EACH, CorporaError, ingested, one_folder, recordings_folder
from peers.digest import code_digest
from peers.ledger import Ledger
from peers.records import MODELS, UNTRAINED, Cell, Effort, Figures, OurColumns, Outcome, Record, Speeds
from peers.run_cell import Job, run
from peers.synthesis import one_sound
from peers.table import section


def a_cell(model: str = "encodec", **changes: object) -> Cell:
    settings = {"corpus": "c", "audio": "a", "fold": 0, "held_out": ["x.wav"], "model": model, "budget_s": 90.0}
    return msgspec.convert({**settings, **changes}, Cell)


def a_record(cell: Cell, mel: float = 1.0, *, speed: float = 5.0, visqol: float | None = None) -> Record:
    figures = Figures(mel=mel, stft=1, sisdr_db=-30, aligned_sisdr_db=-9, above_20_khz_db=-80, kbps=2.6, visqol=visqol)
    effort = Effort(steps=7, wall_s=90, cpu_s=45, load_before=1, load_after=2, peak_mib=500, first_loss=30, last_loss=3)
    is_ours = cell.model == "ours"
    outcome = Outcome(
        figures=figures,
        parameters=2_000_000,
        speeds=Speeds(encode=2 * speed, decode=2 * speed, both=speed),
        effort=effort,
        ours=OurColumns(utilisation=[0.9, 0.7], prefix_mel=[0.5, 0.4], silence_db=-90) if is_ours else None,
        bypass=replace(figures, mel=mel / 2) if is_ours else None,
        validation_mel=mel,
    )
    return Record(
        key=cell.key,
        code=code_digest(cell.model),
        cell=cell,
        finished="2026-01-01T00:00:00",
        machine="m",
        outcome=outcome,
    )


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    for index in range(3):
        name, sound = one_sound(index)
        sf.write(folder / f"{name}.wav", sound[:48_000], 48_000)
    return folder


def bench(work: Path, recordings: Path, *options: str) -> int:
    """The program in this process; its cells have their own all the same."""
    where = ["--corpus", str(recordings), "--work", str(work), "--dry-run"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["bench_codec.py", *where, *options])
        return bench_codec.main()


def test_a_cell_is_run_once_and_again_when_settings_change(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--models", "nearest frame,rave-like", "--steps", "1", "--folds", "1", "--quick", "--cells")
    assert bench(tmp_path, recordings, *options, "nearest") == 0
    said = capsys.readouterr().out
    assert "[1/1]" in said and "done before" not in said
    assert bench(tmp_path, recordings, *options, "nearest") == 0
    assert "done before" in capsys.readouterr().out
    assert bench(tmp_path, recordings, *options, "", "--list") == 0
    states = {line.split("  ")[2] for line in capsys.readouterr().out.splitlines()}
    assert states == {"done", "missing"}
    assert bench(tmp_path, recordings, *options, "nearest", "--seed", "1", "--list") == 0
    assert capsys.readouterr().out.endswith("missing\n")


@pytest.mark.parametrize(("model", "fold"), [("ours", -1), ("rave-like", 0)])
def test_a_trained_cell_has_every_figure(model: str, fold: int, recordings: Path, tmp_path: Path) -> None:
    source = one_folder(recordings)
    held_out = source.folds()[0] if fold >= 0 else []
    sides = ingested(source, source.digest, held_out, tmp_path)
    cell = a_cell(model, fold=fold, held_out=held_out, budget_s=None, steps=2, is_heard=False)
    job = Job(
        cell=cell,
        train=str(sides.train),
        held_out=str(sides.held_out),
        scratch=str(tmp_path),
        outcome=str(tmp_path / "o"),
        parent=0,
    )
    outcome = run(job)
    assert outcome.effort is not None and outcome.effort.steps == 2
    assert outcome.effort.first_loss > 0 and outcome.effort.cpu_s > 0 and outcome.effort.peak_mib > 50
    assert outcome.speeds is not None and outcome.speeds.both < min(outcome.speeds.encode, outcome.speeds.decode)
    assert 0 < outcome.figures.mel < 10 and outcome.validation_mel is not None and outcome.parameters > 10_000
    assert outcome.figures.aligned_sisdr_db >= outcome.figures.sisdr_db - 0.5
    assert (outcome.bypass is not None) == (outcome.ours is not None) == (model == "ours")


def test_a_killed_run_leaves_no_cell_and_no_process(recordings: Path, tmp_path: Path) -> None:
    script = str(bench_codec.ROOT / "scripts" / "bench" / "bench_codec.py")
    command = [sys.executable, script, "--corpus", str(recordings), "--work", str(tmp_path), "--dry-run"]
    process = subprocess.Popen([*command, "--models", "rave-like", "--budget", "600"], stdout=subprocess.DEVNULL)
    children: list[psutil.Process] = []
    deadline = time.monotonic() + 60
    while not children and time.monotonic() < deadline:
        children = [c for c in psutil.Process(process.pid).children() if "peers.run_cell" in c.cmdline()]
        time.sleep(0.1)
    assert children
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    assert Ledger(tmp_path / "cells.jsonl").records() == {}


def test_bad_wishes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(tmp_path, tmp_path / "nowhere") == 1
    assert capsys.readouterr().err == f"bench_codec: {tmp_path / 'nowhere'}: there is no such folder\n"
    for wrong, said in (
        (("--models", "lame"), "lame: there is ours"),
        (("--budgets", "90,soon"), "give numbers separated by commas"),
        (("--folds", "-1"), "--folds -1: a number of folds"),
        (("--budgets", "90,-3"), "--budgets 90,-3: a budget is more than 0 seconds"),
        (("--budgets", "0"), "--budgets 0: a budget is more than 0 seconds"),
        (("--budgets", "nan"), "--budgets nan: a budget is more than 0 seconds"),
        (("--steps", "0"), "--steps 0: a training takes at least one"),
    ):
        with pytest.raises(SystemExit, match="2"):
            bench(tmp_path, tmp_path, *wrong)
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ("--budgets", "90,600", "--folds", "2", "--models", "ours,snac", "--variants", "matched,own", "--seed", "3"),
        ("--steps", "5", "--folds", "0", "--models", "rave-like", "--learning-rates", "0.001,0.0001"),
        ("--quick",),
    ],
)
def test_the_table_names_the_command_that_makes_its_cells(
    options: tuple[str, ...], recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--ledger", str(tmp_path / "cells.jsonl"), "--list"]

    def cells(*asked: str) -> set[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["bench_codec.py", *asked, *where])
            assert bench_codec.main() == 0
        return {line.split("  ")[1] for line in capsys.readouterr().out.splitlines() if "· none ·" not in line}

    asked = cells("--corpus", str(recordings), *options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["bench_codec.py", "--corpus", str(recordings), *options])
        wish = bench_codec._arguments()
    made = [a_record(cell) for cell in bench_codec._cells(wish, [one_folder(recordings)])]
    said = bench_codec._made_by(made)
    command = [word.replace("DIR", str(recordings.parent)) for word in shlex.split(said.split("`")[1])]
    assert said.count("`") == 2 * max(1, len(wish.amounts))
    again = cells(*command[1:])
    assert again == asked if len(wish.amounts) == 1 else again < asked


def test_recordings_without_a_cell_have_no_command() -> None:
    assert bench_codec._made_by([]) == ""
    assert "--recordings DIR" in bench_codec._made_by([a_record(a_cell("ours", corpus="drums, 5 files"))])


def test_a_torn_line_is_a_cell_not_done(tmp_path: Path) -> None:
    ledger, cells = Ledger(tmp_path / "cells.jsonl"), [a_cell(fold=fold) for fold in range(3)]
    ledger.add(a_record(cells[0]))
    ledger.add(a_record(cells[1]))
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole[:-40])
    assert [ledger.is_done(cell, None) for cell in cells] == [True, False, False]
    ledger.add(a_record(cells[2]))
    assert [ledger.is_done(cell, None) for cell in cells] == [True, False, True]


def test_older_code_and_failures_are_run_again(tmp_path: Path) -> None:
    ledger, cell = Ledger(tmp_path / "cells.jsonl"), a_cell()
    now = code_digest("encodec")
    ledger.add(replace(a_record(cell), code="older"))
    assert ledger.is_done(cell, None) and not ledger.is_done(cell, now)
    ledger.add(a_record(cell))
    assert ledger.is_done(cell, now)
    ledger.add(replace(a_record(cell), outcome=None, failure="exit 1"))
    assert not ledger.is_done(cell, None)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources that figures depend on, to change."""
    for folder in ("daemon", "scripts/bench/peers"):
        shutil.copytree(bench_codec.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(
    ("source", "text", "made_old"),
    [
        ("daemon/codec/network.py", "CHANGED = 1", {"ours"}),
        ("daemon/training/losses.py", "CHANGED = 1", set(MODELS)),
        ("daemon/dsp/mel.py", "CHANGED = 1", set(MODELS)),
        ("scripts/bench/peers/pqmf.py", "CHANGED = 1", {"rave-like"}),
        ("scripts/bench/peers/references.py", "CHANGED = 1", set(UNTRAINED)),
        ("scripts/bench/peers/table.py", "CHANGED = 1", set()),
        ("daemon/training/losses.py", "# a comment\n\n'a sentence'", set()),
    ],
)
def test_a_change_makes_old_what_depends_on_it(tree: Path, source: str, text: str, made_old: set[str]) -> None:
    before = {model: code_digest(model, tree) for model in MODELS}
    with (tree / source).open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")
    assert {model for model in MODELS if code_digest(model, tree) != before[model]} == made_old


def test_a_source_that_moved_is_missed(tree: Path) -> None:
    (tree / "daemon" / "training" / "losses.py").rename(tree / "daemon" / "training" / "terms.py")
    with pytest.raises(FileNotFoundError, match=r"losses\.py"):
        code_digest("encodec", tree)


def test_every_setting_has_its_own_key() -> None:
    changes = [
        {"fold": 1},
        {"seed": 1},
        {"budget_s": 10.0},
        {"variant": "own"},
        {"learning_rate": 1e-4},
        {"audio": "b"},
    ]
    assert len({a_cell().key, *(a_cell(**change).key for change in changes)}) == 1 + len(changes)
    assert a_cell().key == a_cell().key


def test_folds_hold_every_file_out_once(tmp_path: Path) -> None:
    for index in range(7):
        (tmp_path / f"{index}.wav").write_bytes(bytes([index]))
    folds = one_folder(tmp_path).folds()
    assert len(folds) == 5
    assert sorted(name for fold in folds for name in fold) == [f"{index}.wav" for index in range(7)]


def test_a_large_corpus_is_held_out_once(tmp_path: Path) -> None:
    for index in range(50):
        (tmp_path / f"{index}.wav").write_bytes(bytes([index]))
    assert [len(fold) for fold in one_folder(tmp_path).folds()] == [5]


def test_four_folders_and_a_mix(tmp_path: Path) -> None:
    for folder in range(5):
        (tmp_path / f"f{folder}").mkdir()
        for index in range(6):
            (tmp_path / f"f{folder}" / f"{index}.wav").write_bytes(bytes(10 * folder + index))
    corpora = recordings_folder(tmp_path)
    assert [c.name for c in corpora] == [*(f"f{n}, 5 files" for n in (1, 2, 3, 4)), "mixed, 30 files"]
    assert all(len(c.files) == FILES_OF_EACH for c in corpora[:4])
    with pytest.raises(CorporaError, match="4 folders"):
        recordings_folder(tmp_path / "f1")


def test_a_synthesised_sound_is_its_number() -> None:
    (name, sound), (_, again), (_, other) = one_sound(6), one_sound(6), one_sound(7)
    assert np.array_equal(sound, again) and not np.array_equal(sound[:9000], other[:9000])
    assert name == "pad" and np.isfinite(sound).all() and np.abs(sound).max() <= 0.8


def test_means_and_spreads_over_folds() -> None:
    cells = [a_cell("ours", fold=fold) for fold in range(3)]
    text = section([a_record(cell, mel) for cell, mel in zip(cells, (0.2, 0.3, 0.4), strict=True)], cells)
    assert "0.300 ± 0.100" in text
    assert "| ours, no quantiser | 3 | 0.150 ± 0.050" in text
    assert "70%" in text


def test_a_peer_that_wins_is_shown() -> None:
    ours, peer = a_cell("ours"), a_cell("snac")
    text = section([a_record(ours, 0.5, visqol=2.0), a_record(peer, 0.4, visqol=3.0)], [ours, peer])
    row = next(line for line in text.splitlines() if line.startswith("| snac |"))
    assert "**0.400**" in row and "**3.00**" in row
    assert "| mel against the best peer | 1.25 (snac) | ≤ 0.5 | **not met** |" in text


def test_aims_against_the_best_of_the_peers() -> None:
    records = [
        a_record(a_cell("ours"), 0.4, speed=60),
        a_record(a_cell("snac"), 1.6, speed=5),
        a_record(a_cell("rave-like"), 0.8, speed=40),
    ]
    snac = records[1].outcome
    assert snac is not None
    records[1] = replace(records[1], outcome=replace(snac, published_speeds=Speeds(encode=16, decode=16, both=8)))
    text = section(records, [])
    assert "| mel against the best peer | 0.50 (rave-like) | ≤ 0.5 | met |" in text
    assert "| encode + decode against snac | 12.0× | judged by `bench_speed.py`, in turns | |" in text
    assert "| encode + decode against snac at its published size | 7.5× | ≥ 10 | **not met** |" in text
    assert "| encode + decode against rave-like | 1.5× | judged by `bench_speed.py`, in turns | |" in text
    assert "| energy above 20 kHz that the source lacks | -80 dB | ≤ -60 | met |" in text


def test_ratios_are_of_the_folds_that_both_have() -> None:
    records = [a_record(a_cell("ours", fold=fold), mel) for fold, mel in ((0, 0.4), (1, 9.0))]
    assert "0.50 (snac)" in section([*records, a_record(a_cell("snac"), 0.8)], [])


def test_the_better_learning_rate_is_chosen_by_what_training_set_aside() -> None:
    better, worse = a_record(a_cell(learning_rate=1e-3), 1.5), a_record(a_cell(learning_rate=1e-4), 1.2)
    assert better.outcome is not None
    better = replace(better, outcome=replace(better.outcome, validation_mel=0.1))
    text = section([better, worse], [])
    assert "1.500" in text and "1.200" not in text


def test_a_quick_run_does_not_stand_beside_a_whole_one() -> None:
    quick, whole = a_record(a_cell("ours", is_heard=False), 0.1), a_record(a_cell("ours"), 0.3)
    text = section([whole, quick], [])
    assert "0.300" in text and "±" not in text


def test_what_is_missing_is_named() -> None:
    done, absent, failed, other = (a_cell(fold=fold) for fold in range(4))
    record = replace(a_record(failed), outcome=None, failure="exit 9: out of memory")
    text = section([a_record(done), record], [done, absent, failed, other])
    assert "- c, 90 s: encodec (fold 1 3)\n" in text
    assert f"- {failed.title}: failed, exit 9: out of memory" in text


def test_an_own_split_is_a_table_of_its_own() -> None:
    text = section([a_record(a_cell("ours"), 0.4), a_record(a_cell("ours", fold=-1, held_out=[]), 0.2)], [])
    assert "### c, 90 s\n" in text and "### c, 90 s, own split\n" in text
    assert "0.400" in text and "0.200" in text and "±" not in text


def test_older_code_is_marked() -> None:
    assert "| encodec† |" in section([replace(a_record(a_cell()), code="older")], [])
