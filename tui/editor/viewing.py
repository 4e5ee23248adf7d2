"""The actions that change how strands are shown: zoom, following the playhead, colours, letters, heights."""

from shlex import quote

from protocol.errors import AlleleError
from tui.actions.press import Handlers, Press
from tui.actions.situation import RESTORE_MODEL
from tui.editor.context import EditorContext
from tui.model.colours import PALETTES
from tui.model.library import missing_words
from tui.model.surprise import NAME as SURPRISE
from tui.model.viewport import TALLEST
from tui.model.words import plural
from tui.model.zoom import whole, zoomed_in, zoomed_out


class Viewing:
    """Carries out the actions that change how strands are shown. No strand changes."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context
        self.editor, self.session = context.editor, context.session

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "view.zoom_in": self.view_zoom_in,
            "view.zoom_out": self.view_zoom_out,
            "view.zoom_whole": self.view_zoom_whole,
            "view.follow": self.view_follow,
            "view.spectrogram": self.view_spectrogram,
            "view.palette": self.view_palette,
            "view.letters": self.view_letters,
            "view.cursor": self.view_cursor,
            "view.taller": self.view_taller,
            "view.descriptor": self.view_descriptor,
            "view.surprise": self.view_surprise,
        }

    # --- zoom --------------------------------------------------------------------------------------------

    def view_zoom_in(self, press: Press) -> None:
        self._zoom(zoomed_in(self.editor.pane.zoom))

    def view_zoom_out(self, press: Press) -> None:
        grid, pane = self.context.grid, self.editor.pane
        if grid is not None:
            self._zoom(zoomed_out(pane.zoom, grid.frames, pane.columns))

    def view_zoom_whole(self, press: Press) -> None:
        grid, pane = self.context.grid, self.editor.pane
        if grid is not None:
            all_of_it = whole(grid.frames, pane.columns)
            self._zoom(1 if pane.zoom == all_of_it else all_of_it)

    def _zoom(self, zoom: int) -> None:
        pane = self.editor.pane
        if zoom == pane.zoom:
            self.context.say(
                "a cell already shows one frame" if zoom == 1 else "the page already shows the whole strand"
            )
            return
        pane.zoom = zoom
        self.context.say(
            "one frame in a cell"
            if zoom == 1
            else f"{zoom} frames in a cell, which shows "
            + ("their mean surprise" if self.editor.surprise else "the most frequent code")
        )
        self.context.moved()

    def view_follow(self, press: Press) -> None:
        self.editor.follow, self.editor.is_away = not self.editor.follow, False
        self.context.say("pages turn with the playhead" if self.editor.follow else "the page stays at the cursor")
        self.context.moved()

    def view_spectrogram(self, press: Press) -> None:
        self.editor.spectrogram = not self.editor.spectrogram
        words = "spectrogram, 60 Hz to 16 kHz from the bottom up" if self.editor.spectrogram else "waveform"
        self.context.say(words if self.editor.pane.wave_rows else f"{words}; a higher window has room for it")
        self.context.moved()

    def view_palette(self, press: Press) -> None:
        names = list(PALETTES)
        self.editor.palette = names[(names.index(self.editor.palette) + 1) % len(names)]
        more = "; letters are shown, {view.letters} shows colours" if self.context.app.tier.glyphs else ""
        self.context.say(f"colours: {self.editor.palette}{more}")
        self.context.moved()

    def view_letters(self, press: Press) -> None:
        if self.context.app.terminal_tier.glyphs:
            self.context.say(f"letters are all that a terminal with {self.context.app.terminal_tier.words} can show")
            return
        self.editor.letters = not self.editor.letters
        self.context.say("letters: a lowest to l highest, capitals changed" if self.editor.letters else "colours")
        self.context.moved()

    def view_cursor(self, press: Press) -> None:
        self.editor.cursor_shown = not self.editor.cursor_shown
        self.context.say(
            "the terminal's cursor is shown" if self.editor.cursor_shown else "the terminal's cursor is hidden"
        )
        self.context.moved()

    def view_taller(self, press: Press) -> None:
        self.editor.tall = (self.editor.tall + 1) % (TALLEST + 1)
        rows = plural(self.editor.tall, "row")
        self.context.say(
            f"levels are {rows} high where there is room" if self.editor.tall else "levels are as high as fits"
        )
        self.context.moved()

    def view_surprise(self, press: Press) -> None:
        self._show_surprise(not self.editor.surprise)

    def _show_surprise(self, is_shown: bool) -> None:
        self.editor.surprise = is_shown
        letters = self.context.app.tier.glyphs
        ends = ("a is", "l is") if letters else ("dark is", "light is")
        if is_shown:
            self.context.say(f"surprise: {ends[0]} expected, {ends[1]} surprising, . is not computed yet")
        else:
            grid = self.context.grid
            words = "" if grid is None else self.context.colours_of(grid).words
            self.context.say(f"colours: {words or 'code numbers'}")
        self.context.moved()

    def view_descriptor(self, press: Press) -> None:
        grid = self.context.grid
        if self.editor.surprise:
            self._show_surprise(False)
            return
        model = None if grid is None else self.session.model_of(grid.info.meta)
        choice = "" if grid is None else self.context.colours_of(grid).next_choice()
        measuring = "" if grid is None else self.context.measuring(grid)
        if choice or model is None:
            self.colour_by(choice)
        elif measuring:
            self.context.say(f"{measuring}: colours by qualities of sound follow")
        else:
            again = f"allele model atlas {quote(model.name)}"
            self.context.say(f"model {model.name} has no atlas: {again} measures what its codes do")

    def colour_by(self, descriptor: str) -> None:
        """Colour and order codes by a descriptor. The choice is this client's own."""
        grid = self.context.grid
        model = None if grid is None else self.session.model_of(grid.info.meta)
        if descriptor == SURPRISE and self.editor.surprise:
            self._show_surprise(True)
        elif descriptor == SURPRISE:
            self.context.run("view.surprise")
        elif model is not None:
            self.context.spawn(self._colour_by(model.name, descriptor))
        elif grid is not None:
            self.context.say(f"{missing_words(grid.info.meta)}; {RESTORE_MODEL}", bad=True)

    async def _colour_by(self, model: str, descriptor: str) -> None:
        colours = await self.session.atlases.fetch_colours(model, descriptor)
        if descriptor and colours.descriptor != descriptor:
            known = ", ".join(colours.choices) or f"none: allele model atlas {quote(model)}"
            raise AlleleError("E_NOT_FOUND", f"{descriptor!r} was not measured for model {model}", hint=known)
        self.editor.descriptor, self.editor.surprise = descriptor, False
        self.context.say(f"colour and order by {colours.words}")
        self.context.draw()
        self.context.remember()
