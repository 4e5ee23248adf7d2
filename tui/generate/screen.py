"""The Generate screen: controls on the left, the sounds that were made with a model on the right, the newest first.

Every number of a sound is measured on its audio by the daemon. Beside a control stands what the newest sounds have of
it; a control that fails on this model is grey, and the line above the last says why.
"""

from textual.app import ComposeResult
from textual.containers import Horizontal

from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.messages.sounds import Sound
from tui.actions.situation import Situation
from tui.generate.controls import ControlKeys
from tui.generate.hearing import SoundHearing
from tui.generate.making import SoundMaker
from tui.generate.presets import PresetKeys
from tui.generate.sounds import SoundKeys
from tui.model.controls import BY_NAME, NAMES, Controls, gauge, value_words, why_grey
from tui.model.job_words import state_words
from tui.model.sounds import batch_line, batches, did_words, sound_facts, sound_line, sound_measures
from tui.model.training import clock
from tui.model.words import plural
from tui.screens.base import BaseScreen
from tui.screens.lists import ListKeys
from tui.widgets.lines import BOLD, DIM, PLAIN, Part, TextLine, wrapped
from tui.widgets.rows import Row, Rows

LABEL, VALUE, GAUGE = 11, 10, 10
"""Columns of a control: its label, its value and its gauge."""


class GenerateScreen(BaseScreen):
    """The screen that makes new sounds with a model, hears them and sends them on."""

    NAME = "generate"
    TITLE_WORDS = "Generate"

    def __init__(self) -> None:
        super().__init__()
        self.controls, self.sounds = Rows("controls"), Rows("sounds")
        self.making = TextLine("making")
        self.facts, self.measures = TextLine("sound-facts"), TextLine("sound-measures")
        self.maker, self.hearing = SoundMaker(self), SoundHearing(self)
        self.control_keys = ControlKeys(self)
        self._fetching: set[str] = set()
        self.list_moved = self._activate
        self.handlers = {
            **ListKeys(lambda: self.controls if self.controls.active else self.sounds, self._moved).handlers(),
            **self.control_keys.handlers(),
            **self.maker.handlers(),
            **self.hearing.handlers(),
            **SoundKeys(self).handlers(),
            **PresetKeys(self).handlers(),
            "list.other": lambda _: self._activate(self.sounds if self.controls.active else self.controls),
        }

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="generating"):
            yield self.controls
            yield self.sounds
        yield self.making
        yield self.facts
        yield self.measures

    def on_mount(self) -> None:
        self.sounds.activate(False)

    # --- what is chosen ----------------------------------------------------------------------------------

    @property
    def model(self) -> ModelInfo | None:
        """The chosen model; if none was chosen or it is gone, that of the editor's strand, else the newest."""
        models, editor = self.session.newest_first, self.allele.editor
        chosen = next((one for one in models if one.name == self.allele.generating.model), None)
        if chosen is not None:
            return chosen
        info = self.session.strands.get(editor.pane.strand or "")
        return (None if info is None else self.session.model_of(info.meta)) or next(iter(models), None)

    @property
    def values(self) -> Controls:
        """The controls of the chosen model."""
        return self.allele.generating.controls_of("" if self.model is None else self.model.name)

    @property
    def listed(self) -> list[Sound]:
        """The sounds of the chosen model."""
        return [] if self.model is None else self.session.sounds.of(self.model.name)

    @property
    def control(self) -> str:
        """The name of the option under the cursor; "" while the cursor is in the list of sounds."""
        name = self.controls.current
        return name if self.controls.active and isinstance(name, str) else ""

    @property
    def sound(self) -> Sound | None:
        """The sound under the cursor of the list of sounds."""
        key = self.sounds.current
        return next((one for one in self.listed if (one.batch, one.name) == key), None)

    @property
    def job(self) -> JobInfo | None:
        """The generation with this model that is running or waits."""
        name = "" if self.model is None else self.model.name
        jobs = [job for job in self.session.jobs.values() if job.kind == "generate" and job.subject == name]
        return next((job for job in jobs if job.state == "running"), next((job for job in jobs if job.is_open), None))

    def situation(self) -> Situation:
        model = self.model
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            model=model is not None,
            control=bool(self.control),
            generated=self.sounds.active and self.sound is not None,
            prior=model is not None and model.prior is not None,
            making=self.job is not None,
            sound=self.allele.sound.silence,
        )

    def takes(self, token: str) -> bool:
        """A digit or a minus on a control begins to type its value."""
        return self.control_keys.takes(token)

    # --- drawing -----------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self.model is not None and self.session.connected:
            self._fetch(self.model.name)  # another client may have discarded or kept some

    def draw(self) -> None:
        if not self.is_mounted:
            return
        model = self.model
        if model is not None and self.session.connected and not self.session.sounds.is_known(model.name):
            self._fetch(model.name)
        self._draw_sounds()
        self._draw_controls(model)
        self._draw_facts()
        super().draw()

    def _fetch(self, model: str) -> None:
        if model not in self._fetching:
            self._fetching.add(model)
            self.spawn(self._fetched(model))

    async def _fetched(self, model: str) -> None:
        try:
            await self.session.sounds.fetch(model)
        finally:
            self._fetching.discard(model)

    def _draw_controls(self, model: ModelInfo | None) -> None:
        if model is None:
            none = self.keymap.fill("no model yet: train one in the library ({go.library})")
            self.controls.fill([Row(" CONTROLS", heading=True), Row(none)])
            return
        values = self.values
        newest = next(iter(batches(self.listed)), [])
        if newest and newest[0].wanted.get("mode", "new") == "new":
            values.last_seed = newest[0].seed
        used = newest[0].engine if newest else ""
        head = f" {'CONTROLS':<{LABEL + 1 + VALUE + GAUGE}}{'made' if newest else ''}"
        rows = [Row(head, heading=True)]
        for name in NAMES:
            did = did_words(name, newest)
            label = BY_NAME[name].label
            text = f"{label:<{LABEL}}{value_words(name, values):<{VALUE}}{gauge(name, values):<{GAUGE}}{did}"
            rows.append(Row(text, name, dim=bool(why_grey(name, values, model, used))))
        self.controls.fill(rows)

    def _draw_sounds(self) -> None:
        was = self.sounds.current
        columns = self.sounds.size.width - 2
        rows: list[Row] = []
        for batch in batches(self.listed):
            rows.append(Row(batch_line(batch), heading=True))
            for number, sound in enumerate(batch, 1):
                rows.append(Row(sound_line(number, sound, columns), (sound.batch, sound.name)))
        none = "" if self.model is None else self.keymap.fill("nothing made yet: {generate.choose} makes sounds")
        self.sounds.fill(rows or [Row(" SOUNDS", heading=True), Row(none)])
        if was is None and self.listed:
            self.sounds.step(0)
        if self.sounds.active and self.sounds.current is None:
            self._activate(self.controls)

    def _draw_facts(self) -> None:
        """Draw the three lines below the lists: what is being made, then the chosen sound or the chosen control."""
        job, sound = self.job, self.sound if self.sounds.active else None
        self.making.show([(f" {self._making_words(job)}", BOLD)] if job is not None else self._totals())
        first, second = [f" {sound_facts(sound)}", f" {sound_measures(sound)}"] if sound is not None else self._help()
        self.facts.show(first)
        self.measures.show(second)

    def _help(self) -> list[str]:
        """What the control under the cursor is, in two lines."""
        name = self.control
        text = BY_NAME[name].help_text.partition(" (")[0] if name else ""
        return [*wrapped(text, self.size.width), "", ""][:2]

    def _making_words(self, job: JobInfo) -> str:
        left = f", {clock(job.eta_s)} left" if job.eta_s is not None else ""
        done = f"{job.progress:.0%}  " if job.state == "running" else ""
        return self.keymap.fill(f"{done}{state_words(job)}{left}; {{generate.cancel}} stops, finished ones stay")

    def _totals(self) -> str:
        listed = self.listed
        if not listed:
            return ""
        kept = sum(sound.kept for sound in listed)
        return self.keymap.fill(f" {plural(len(listed), 'sound')}, {kept} kept; {{list.other}} goes to them")

    def top_words(self) -> str:
        model = self.model
        if model is None:
            return "Generate"
        bits = (model.prior or {}).get("held_out_bits_per_frame")
        prior = "no prior" if model.prior is None else "prior" if bits is None else f"prior {bits:.1f} bits/frame"
        return f"Generate  {model.name} · {prior}"

    def bottom_words(self) -> list[Part]:
        name = self.control
        if name:
            used = self.listed[0].engine if self.listed else ""
            why = why_grey(name, self.values, self.model, used)
            accepted = f"{BY_NAME[name].label}: {BY_NAME[name].kind.accepted}"
            return [(f" {BY_NAME[name].label}: {why}", BOLD) if why else (f" {accepted}", PLAIN)]
        if self.hearing.is_sounding:
            return [(" playing; moving plays the next one, {generate.play} stops", PLAIN)]
        return [(f" {self.sound.audio}", DIM)] if self.sounds.active and self.sound is not None else []

    def hints(self) -> list[tuple[str, str]]:
        if self.controls.active:
            return [
                ("generate.choose", "make"),
                ("generate.less generate.more", "change"),
                ("generate.reset", "reset"),
                ("generate.presets", "presets"),
                ("generate.lock_seed", "seed"),
                ("list.other", "sounds"),
                ("app.help", "help"),
            ]
        return [
            ("generate.play", "play"),
            ("generate.keep", "keep"),
            ("generate.choose", "edit"),
            ("generate.to_a generate.to_b", "A/B"),
            ("generate.continue", "continue"),
            ("generate.vary", "vary"),
            ("list.other", "controls"),
            ("app.help", "help"),
        ]

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "jobs":
            self.maker.report_ended()
        if topic == "playhead":
            self.lines.draw_bottom()
        elif topic != "training":
            self.draw()

    # --- lists -------------------------------------------------------------------------------------------

    def _moved(self) -> None:
        if self.sounds.active:
            self.hearing.moved()
        self._draw_facts()
        self.lines.draw_bottom()

    def _activate(self, rows: Rows) -> None:
        to_sounds = rows is self.sounds and bool(self.listed)
        self.controls.activate(not to_sounds)
        self.sounds.activate(to_sounds)
        if rows is self.sounds and not to_sounds:
            self.say("nothing made yet: {generate.choose} makes sounds")
        self._moved()
