"""The actions of the Train screen that play a training's previews and compare them with the recording."""

from typing import TYPE_CHECKING

from tui.actions.press import Handlers, Press
from tui.model.job_words import SOURCE

if TYPE_CHECKING:
    from tui.screens.train import TrainScreen


class PreviewActions:
    """Runs the actions on the chosen evaluation."""

    def __init__(self, screen: "TrainScreen") -> None:
        self._screen = screen
        self._compared = ""  # the evaluation that the recording is compared with

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on previews."""
        return {"preview.play": self._play_or_stop, "preview.compare": self._compare}

    def _play_or_stop(self, press: Press) -> None:
        sound = self._screen.allele.sound
        if sound.preview is not None:
            self._screen.spawn(sound.stop())
        elif self._screen.allele.job is not None:
            self._screen.spawn(self._play(self._screen.preview))

    def _compare(self, press: Press) -> None:
        """Switch between the recording and the preview at the current position."""
        sound = self._screen.allele.sound
        heard = sound.preview[1] if sound.preview is not None else SOURCE
        chosen = self._screen.preview if self._screen.preview != SOURCE else ""
        self._compared = chosen or self._compared or self._newest()
        to = self._compared if heard == SOURCE else SOURCE
        self._screen.spawn(self._play(to, sample=sound.heard_sample if sound.preview is not None else 0, loop=True))

    def _newest(self) -> str:
        names = [row.key for row in self._screen.previews.rows if isinstance(row.key, str) and row.key != SOURCE]
        return names[0] if names else SOURCE

    async def _play(self, name: str, *, sample: int = 0, loop: bool = False) -> None:
        job = self._screen.allele.job or ""
        started = await self._screen.allele.sound.play_preview(job, name, sample=sample, loop=loop)
        louder = f", {started.gain_db:+.1f} dB to be as loud as the recording" if started.gain_db else ""
        self._screen.say(f"{'the recording' if name == SOURCE else name}, {started.seconds:.1f} s{louder}")
