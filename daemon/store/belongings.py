"""What belongs to a model by its name outside of its folder (generated sounds, presets) follows a renamed model."""

import contextlib
from collections.abc import Iterable
from pathlib import Path


def move_belongings(folders: Iterable[Path], old: str, new: str) -> None:
    """Move `FOLDER/old/*` to `FOLDER/new/` for each folder. What has the name of something there stays. This blocks."""
    for folder in folders:
        source, target = folder / old, folder / new
        if not source.is_dir():
            continue
        target.mkdir(parents=True, exist_ok=True)
        for one in sorted(source.iterdir()):
            if not (target / one.name).exists():
                one.rename(target / one.name)
        with contextlib.suppress(OSError):  # something stayed
            source.rmdir()
