"""Draws the Generate screen: the lists of controls and sounds, and the three lines below them."""

from typing import TYPE_CHECKING

from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from tui.model.controls import BY_NAME, NAMES, gauge, value_words, why_grey
from tui.model.job_words import state_words
from tui.model.sounds import batch_line, batches, did_words, sound_facts, sound_line, sound_measures
from tui.model.training import clock
from tui.model.words import plural
from tui.widgets.lines import BOLD, TextLine, wrapped
from tui.widgets.rows import Row

if TYPE_CHECKING:
    from tui.generate.screen import GenerateScreen

LABEL, VALUE, GAUGE = 11, 10, 10
"""Columns of a control: its label, its value and its gauge."""


class GenerateView:
    """The widgets of the screen that show text, apart from the lines that every screen has."""

    def __init__(self, screen: "GenerateScreen") -> None:
        self._screen = screen
        self._newest = ""  # the batch that was first when the list was drawn
        self.making = TextLine("making")
        self.facts, self.measures = TextLine("sound-facts"), TextLine("sound-measures")

    def draw(self) -> None:
        """Draw both lists and the lines below them."""
        self._draw_sounds()
        self._draw_controls(self._screen.model)
        self.draw_facts()

    def _draw_controls(self, model: ModelInfo | None) -> None:
        screen = self._screen
        if model is None:
            none = screen.keymap.fill("no model yet: train one in the library ({go.library})")
            screen.controls.fill([Row(" CONTROLS", heading=True), Row(none)])
            return
        values = screen.values
        newest = next(iter(batches(screen.listed)), [])
        if newest and newest[0].wanted.get("mode", "new") == "new":
            values.last_seed = newest[0].seed
        used = newest[0].engine if newest else ""
        rows = [Row(f" {'CONTROLS':<{LABEL + 1 + VALUE + GAUGE}}{'made' if newest else ''}", heading=True)]
        for name in NAMES:
            label, made = BY_NAME[name].label, did_words(name, newest)
            text = f"{label:<{LABEL}}{value_words(name, values):<{VALUE}}{gauge(name, values):<{GAUGE}}{made}"
            rows.append(Row(text, name, dim=bool(why_grey(name, values, model, used))))
        screen.controls.fill(rows)

    def _draw_sounds(self) -> None:
        screen = self._screen
        listed, was = screen.listed, screen.sounds.current
        columns = screen.sounds.size.width - 2
        rows: list[Row] = []
        for batch in batches(listed):
            rows.append(Row(batch_line(batch), heading=True))
            for number, sound in enumerate(batch, 1):
                rows.append(Row(sound_line(number, sound, columns), (sound.batch, sound.name)))
        none = "" if screen.model is None else screen.keymap.fill("nothing made yet: {generate.choose} makes sounds")
        screen.sounds.fill(rows or [Row(" SOUNDS", heading=True), Row(none)])
        if listed and (was is None or (listed[0].batch != self._newest and not screen.sounds.active)):
            screen.sounds.go((listed[0].batch, listed[0].name))  # so that going there shows what was made now
        self._newest = listed[0].batch if listed else ""

    def draw_facts(self) -> None:
        """Draw the lines below the lists: what is being made, then the chosen sound or the chosen control."""
        job, sound = self._screen.job, self._screen.sound if self._screen.sounds.active else None
        self.making.show([(f" {self._making_words(job)}", BOLD)] if job is not None else self._totals())
        first, second = [f" {sound_facts(sound)}", f" {sound_measures(sound)}"] if sound is not None else self._help()
        self.facts.show(first)
        self.measures.show(second)

    def _help(self) -> list[str]:
        """What the control under the cursor is, in two lines."""
        name = self._screen.control
        text = BY_NAME[name].help_text.partition(" (")[0] if name else ""
        return [*wrapped(text, max(10, self._screen.size.width)), "", ""][:2]

    def _making_words(self, job: JobInfo) -> str:
        left = f", {clock(job.eta_s)} left" if job.eta_s is not None else ""
        done = f"{job.progress:.0%}  " if job.state == "running" else ""
        text = f"{done}{state_words(job)}{left}; {{generate.cancel}} stops, finished ones stay"
        return self._screen.keymap.fill(text)

    def _totals(self) -> str:
        listed = self._screen.listed
        kept = sum(sound.kept for sound in listed)
        text = f" {plural(len(listed), 'sound')}, {kept} kept; {{list.other}} goes to them" if listed else ""
        return self._screen.keymap.fill(text)
