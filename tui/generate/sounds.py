"""What can be done with a generated sound: open it as a strand, keep it, discard it."""

from typing import TYPE_CHECKING

from protocol.messages.sounds import Sound
from protocol.messages.strands import OpenStrand
from tui.actions.press import Handlers, Press
from tui.model.editor import NAMES

if TYPE_CHECKING:
    from tui.generate.screen import GenerateScreen


class SoundKeys:
    """Runs the actions on the chosen sound."""

    def __init__(self, screen: "GenerateScreen") -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on sounds."""
        return {
            "generate.choose": self._choose,
            "generate.to_a": lambda _: self._send(0),
            "generate.to_b": lambda _: self._send(1),
            "generate.keep": lambda _: self._keep(),
            "generate.discard": lambda _: self._discard(),
        }

    def _choose(self, press: Press) -> None:
        """Make sounds in the list of controls; edit the chosen one in the list of sounds."""
        sound = self._screen.sound
        if self._screen.controls.active or sound is None:
            self._screen.maker.make()
            return
        editor = self._screen.allele.editor
        free = next((index for index in (editor.focus, 1 - editor.focus) if not editor.panes[index].strand), None)
        self._screen.spawn(self._open(sound, editor.focus if free is None else free, edit=True))

    def _send(self, index: int) -> None:
        if self._screen.sound is not None:
            self._screen.spawn(self._open(self._screen.sound, index, edit=False))

    async def _open(self, sound: Sound, index: int, *, edit: bool) -> None:
        app, session = self._screen.allele, self._screen.session
        info = (await session.ask(OpenStrand(path=sound.strand))).body
        session.strands[info.id] = info
        await app.files.show_strand(info.id, index)
        if edit:
            app.editor.focus = index
            app.go("editor")
        app.say(f"{sound.name} is strand {NAMES[index]}" + ("" if edit else "; {go.editor} edits it"))

    def _keep(self) -> None:
        sound = self._screen.sound
        if sound is not None:
            self._screen.spawn(self._kept(sound))

    async def _kept(self, sound: Sound) -> None:
        await self._screen.session.sounds.keep(sound, keep=not sound.kept)
        self._screen.say(f"{sound.name} is kept" if not sound.kept else f"{sound.name} is no longer kept")

    def _discard(self) -> None:
        sound = self._screen.sound
        if sound is not None:
            self._screen.spawn(self._discarded(sound))

    async def _discarded(self, sound: Sound) -> None:
        folder = await self._screen.session.sounds.discard(sound)
        self._screen.say(f"{sound.name} is in the trash, as {folder}")
