"""Goes on from the focused strand: new sounds that begin with it, made as a job and listed on the Generate screen."""

from shlex import quote

from protocol.errors import AlleleError
from protocol.messages.generation import StartGeneration
from protocol.messages.strands import GetStrand
from tui.actions.press import Handlers
from tui.editor.context import EditorContext


class Continuing:
    """Carries out the action `edit.continue`."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {"edit.continue": lambda _: self.context.spawn(self._go_on())}

    async def _go_on(self) -> None:
        app, grid = self.context.app, self.context.grid
        model = None if grid is None else self.context.session.model_of(grid.info.meta)
        if grid is None or model is None:
            raise AlleleError("E_NOT_FOUND", "this strand's model is not here", hint="restore it in the library")
        if model.prior is None:
            hint = f"add one: allele train {quote(model.corpus)} --name {quote(model.name)} --resume"
            raise AlleleError("E_NOT_FOUND", f"{model.name} has no prior, which goes on with a sound", hint=hint)
        options, unused = app.generating.controls_of(model.name).applicable("continue")
        strand = await self.context.session.ask(GetStrand(strand=grid.id))
        request = StartGeneration(model=model.name, options=options, mode="continue", meta=strand.body.meta)
        words = f"going on from {grid.name} for {options.seconds:g} s{unused}"
        await app.generate(request, words, strand.buffers)
