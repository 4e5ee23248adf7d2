"""Generated sounds and presets on disk: listing, keeping, discarding, a moved home, a renamed model, damaged files."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from daemon.store.belongings import move_belongings
from daemon.store.generated import KEPT, MANIFEST, GeneratedSounds
from daemon.store.presets import PresetFolder
from protocol.errors import AlleleError
from protocol.generation import GenerationOptions


def fill(batch: Path, *names: str) -> None:
    entries: list[dict[str, Any]] = []
    for seed, name in enumerate(names):
        audio, strand = batch / f"{name}.wav", batch / f"{name}.alle"
        audio.write_bytes(b"sound")
        strand.write_bytes(b"codes")
        entry = {"audio": str(audio), "strand": str(strand), "seconds": 1.0, "samples": 48_000, "seed": seed}
        entries.append(entry | {"engine": "collage", "novelty": None, "options": {"mode": "new"}, "more": "later"})
    (batch / MANIFEST).write_text(json.dumps({"version": 1, "outputs": entries}))


@pytest.fixture
def sounds(tmp_path: Path) -> GeneratedSounds:
    return GeneratedSounds(tmp_path / "generated", tmp_path / "trash")


def test_the_newest_batch_comes_first_and_files_that_are_gone_are_left_out(
    sounds: GeneratedSounds, tmp_path: Path
) -> None:
    for stamp in ("20260101-000000-aa", "20260102-000000-aa"):
        batch = tmp_path / "generated" / "rain" / stamp
        batch.mkdir(parents=True)
        fill(batch, f"{stamp[:8]}-1", f"{stamp[:8]}-2")
    found, left_out = sounds.sounds("rain", 3)
    assert ([one.name for one in found], left_out) == (["20260102-1", "20260102-2", "20260101-1"], 1)
    Path(found[0].audio).unlink()
    assert [one.name for one in sounds.sounds("rain", 10)[0]] == ["20260102-2", "20260101-1", "20260101-2"]
    assert sounds.sounds("snow", 10) == ([], 0)


def test_a_kept_sound_cannot_be_discarded_and_a_discarded_one_is_in_the_trash(sounds: GeneratedSounds) -> None:
    batch = sounds.new_batch("rain")
    fill(batch, "one", "two")
    assert sounds.keep("rain", batch.name, "one", keep=True).kept
    assert [one.kept for one in sounds.sounds("rain", 9)[0]] == [True, False]
    with pytest.raises(AlleleError, match="is kept"):
        sounds.discard("rain", batch.name, "one")
    gone = sounds.discard("rain", batch.name, "two")
    assert sorted(path.name for path in gone.iterdir()) == ["two.alle", "two.wav"]
    assert [one.name for one in sounds.sounds("rain", 9)[0]] == ["one"]
    with pytest.raises(AlleleError, match="no generated sound"):
        sounds.keep("rain", batch.name, "two", keep=True)
    sounds.keep("rain", batch.name, "one", keep=False)
    assert sounds.discard("rain", batch.name, "one").exists()


def test_a_moved_home_and_a_renamed_model_keep_their_sounds(sounds: GeneratedSounds, tmp_path: Path) -> None:
    batch = sounds.new_batch("rain")
    fill(batch, "one")
    sounds.keep("rain", batch.name, "one", keep=True)
    PresetFolder(tmp_path / "presets", tmp_path / "trash").save("rain", "p", GenerationOptions(), replace=False)
    move_belongings((tmp_path / "generated", tmp_path / "presets", tmp_path / "nothing"), "rain", "snow")
    shutil.move(tmp_path / "generated", tmp_path / "elsewhere")
    moved = GeneratedSounds(tmp_path / "elsewhere", tmp_path / "trash").sounds("snow", 9)[0]
    assert [(one.model, one.kept, Path(one.audio).exists()) for one in moved] == [("snow", True, True)]
    assert [one.name for one in PresetFolder(tmp_path / "presets", tmp_path / "trash").presets("snow")[0]] == ["p"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"outputs": [{}]}', b'{"outputs": [{"audio": 1}]}', b"\xff"])
def test_a_damaged_manifest_or_mark_hides_only_its_batch(
    sounds: GeneratedSounds, tmp_path: Path, content: bytes
) -> None:
    good, bad = sounds.new_batch("rain"), tmp_path / "generated" / "rain" / "19990101-000000-aa"
    fill(good, "one")
    (good / KEPT).write_bytes(content)
    bad.mkdir()
    (bad / MANIFEST).write_bytes(content)
    assert [(one.name, one.kept) for one in sounds.sounds("rain", 9)[0]] == [("one", False)]


def test_presets_are_saved_replaced_only_when_allowed_and_damaged_ones_named(tmp_path: Path) -> None:
    presets = PresetFolder(tmp_path / "presets", tmp_path / "trash")
    presets.save("rain", "Dark", GenerationOptions(brightness=-0.5), replace=False)
    with pytest.raises(AlleleError, match="already"):
        presets.save("rain", "Dark", GenerationOptions(), replace=False)
    presets.save("rain", "Dark", GenerationOptions(brightness=-0.8), replace=True)
    (tmp_path / "presets" / "rain" / "bad.json").write_text('{"name": "bad", "options": {"seconds": -1.0}}')
    (tmp_path / "presets" / "rain" / "worse.json").write_text("{")
    found, damaged = presets.presets("rain")
    assert [(one.name, one.options.brightness) for one in found] == [("Dark", -0.8)]
    assert [Path(text.partition(":")[0]).name for text in damaged] == ["bad.json", "worse.json"]
    assert (presets.delete("rain", "Dark") / "Dark.json").exists()
    with pytest.raises(AlleleError, match="no preset called 'Dark'"):
        presets.delete("rain", "Dark")
