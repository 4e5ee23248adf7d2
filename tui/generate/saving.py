"""Saving a generated sound where the user wants it: the WAV as it is, and its `.alle` beside it."""

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from protocol.messages.sounds import Sound
from tui.actions.press import Handlers
from tui.model.save_names import complete_in, missing_folder, offered_name, short_folder, typed_file, whole_file
from tui.targets import EDITOR, STRAND_SUFFIX, strand_target, wav_target
from tui.widgets.prompt import Work

if TYPE_CHECKING:
    from tui.generate.screen import GenerateScreen


class SoundSaving:
    """Runs the action that saves the chosen sound."""

    def __init__(self, screen: "GenerateScreen") -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        """Return the handler of the action that saves."""
        return {"generate.save": lambda _: self._ask()}

    @property
    def _folder(self) -> Path:
        """The folder that was saved in last, here or in the editor, if it is still there."""
        last = self._screen.allele.editor.folder
        return Path(last) if last and Path(last).is_dir() else Path.cwd()

    def _ask(self) -> None:
        sound, folder = self._screen.sound, self._folder
        if sound is not None:
            self._screen.prompt.ask(
                f"save in {short_folder(folder)}: ",
                lambda text: self._save(sound, text, folder),
                value=offered_name(sound.name, folder),
                completer=partial(complete_in, folder),
                kind="save",
                wants="Enter saves the WAV, and its .alle beside it; a path is another folder; Tab completes",
            )

    def _save(self, sound: Sound, text: str, folder: Path) -> Work | None:
        if not text.strip():
            return None
        offer = partial(offered_name, sound.name)
        path = whole_file(typed_file(text, folder, offer), offer)
        absent = missing_folder(path)
        if absent is not None:
            raise AlleleError("E_NOT_FOUND", f"{absent}: there is no such folder", hint="make it first")
        return self._saved(sound, path)

    async def _saved(self, sound: Sound, path: Path) -> None:
        targets = [
            (wav_target(path, wording=EDITOR), sound.audio),
            (strand_target(path.with_suffix(STRAND_SUFFIX), wording=EDITOR), sound.strand),
        ]
        for target, source in targets:
            try:
                data = await asyncio.to_thread(Path(source).read_bytes)
            except OSError as problem:
                raise AlleleError("E_IO", f"{source}: {problem.strerror}", hint="list the sounds again") from None
            await asyncio.to_thread(target.write, data, hint=EDITOR.another)
        self._screen.allele.editor.folder = str(path.parent)
        self._screen.allele.remember()
        self._screen.say(f"saved {path}, and {path.stem}{STRAND_SUFFIX} beside it")
