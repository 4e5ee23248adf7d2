"""Hearing generated sounds: a key plays the chosen one, and moving plays the next one once the cursor rests."""

from typing import TYPE_CHECKING

from textual.timer import Timer

from tui.actions.press import Handlers

if TYPE_CHECKING:
    from tui.generate.screen import GenerateScreen

SETTLE_S = 0.12


class SoundHearing:
    """Plays the sound under the cursor."""

    def __init__(self, screen: "GenerateScreen") -> None:
        self._screen = screen
        self._timer: Timer | None = None

    def handlers(self) -> Handlers:
        """Return the handlers of the actions that play."""
        return {"generate.play": lambda _: self._play_or_stop(), "generate.hear": lambda _: self._switch()}

    @property
    def is_sounding(self) -> bool:
        """Whether one of the listed sounds plays."""
        file = self._screen.allele.sound.file
        return bool(file) and any(sound.audio == file for sound in self._screen.listed)

    def moved(self) -> None:
        """Play what the cursor is on once it has rested there, if moves are heard or something plays."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(SETTLE_S, self._settled)

    def _settled(self) -> None:
        self._timer = None
        sound, player = self._screen.sound, self._screen.allele.sound
        if sound is None or not self._screen.sounds.active or player.silence or player.file == sound.audio:
            return
        if self._screen.allele.generating.hears or self.is_sounding:
            self._screen.spawn(player.play_file(sound.audio))

    def _play_or_stop(self) -> None:
        sound, player = self._screen.sound, self._screen.allele.sound
        if player.file and (sound is None or player.file == sound.audio):
            self._screen.spawn(player.stop())
        elif sound is not None:
            self._screen.spawn(player.play_file(sound.audio))

    def _switch(self) -> None:
        generating = self._screen.allele.generating
        generating.hears = not generating.hears
        self._screen.allele.remember()
        self._screen.say(
            "moving to a sound plays it" if generating.hears else "moving is silent; {generate.play} plays"
        )
