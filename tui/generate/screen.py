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
from tui.generate.saving import SoundSaving
from tui.generate.sounds import SoundKeys
from tui.generate.view import GenerateView
from tui.model.controls import BY_NAME, Controls, accepted_words, why_grey
from tui.screens.base import BaseScreen
from tui.screens.lists import ListKeys
from tui.widgets.lines import BOLD, DIM, PLAIN, Part
from tui.widgets.rows import Rows


class GenerateScreen(BaseScreen):
    """The screen that makes new sounds with a model, hears them and sends them on."""

    NAME = "generate"
    TITLE_WORDS = "Generate"

    def __init__(self) -> None:
        super().__init__()
        self.controls, self.sounds = Rows("controls"), Rows("sounds")
        self.maker, self.hearing = SoundMaker(self), SoundHearing(self)
        self.control_keys, self.view = ControlKeys(self), GenerateView(self)
        self._fetching: set[str] = set()
        self.list_moved = self._activate
        self.handlers = {
            **ListKeys(lambda: self.controls if self.controls.active else self.sounds, self._moved).handlers(),
            **self.control_keys.handlers(),
            **self.maker.handlers(),
            **self.hearing.handlers(),
            **SoundKeys(self).handlers(),
            **SoundSaving(self).handlers(),
            **PresetKeys(self).handlers(),
            "list.other": lambda _: self._activate(self.sounds if self.controls.active else self.controls),
        }

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="generating"):
            yield self.controls
            yield self.sounds
        yield from (self.view.making, self.view.facts, self.view.measures)

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
        self.view.draw()
        if self.sounds.active and self.sounds.current is None:
            self._activate(self.controls)
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
            accepted = f"{BY_NAME[name].label}: {accepted_words(name)}"
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
            ("generate.save", "save"),
            ("generate.choose", "edit"),
            ("generate.to_a generate.to_b", "A/B"),
            ("generate.continue", "go on"),
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
        self.view.draw_facts()
        self.lines.draw_bottom()

    def _activate(self, rows: Rows) -> None:
        to_sounds = rows is self.sounds and bool(self.listed)
        self.controls.activate(not to_sounds)
        self.sounds.activate(to_sounds)
        if rows is self.sounds and not to_sounds:
            self.say("nothing made yet: {generate.choose} makes sounds")
        self._moved()
