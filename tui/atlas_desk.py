"""Palettes and atlases of models, as far as this client has fetched them. Base of `tui.strand_desk.StrandDesk`."""

from collections.abc import Callable
from typing import Any

from protocol import messages as m
from protocol.errors import AlleleError
from tui.model.atlas import CodeAtlas, Colours, atlas_of, colours_of


class AtlasDesk:
    """Fetched once, and again when the daemon says that something changed."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed
        self._colours: dict[tuple[str, str], Colours] = {}
        self._atlases: dict[str, CodeAtlas] = {}

    async def ask(self, body: m.Struct, *, timeout_s: float | None = 30.0, **more: Any) -> Any:
        """A request's answer; the session knows whom to ask."""
        raise NotImplementedError

    async def colours(self, model: str, descriptor: str = "") -> Colours:
        """What a model's colours mean, and the rank of every code; nothing while the daemon cannot say."""
        key = (model, descriptor)
        if key not in self._colours:
            try:
                answer = await self.ask(m.GetPalette(model=model, descriptor=descriptor))
            except AlleleError as problem:
                if problem.code != "E_NOT_FOUND" or not descriptor:
                    return Colours()
                self._colours[key] = await self.colours(model)  # not measured of this model: what is best there
            else:
                self._colours[key] = colours_of(answer.body, answer.buffers[0])
        return self._colours[key]

    def colours_now(self, model: str, descriptor: str = "") -> Colours:
        """The same, as far as it is known by now."""
        return self._colours.get((model, descriptor), Colours())

    async def atlas(self, model: str) -> CodeAtlas:
        """What a model's codes do, with the person's labels.

        Raises:
            AlleleError: there is no such model, or no daemon.
        """
        if model not in self._atlases:
            answer = await self.ask(m.GetAtlas(model=model))
            self._atlases[model] = atlas_of(answer.body, answer.buffers)
        return self._atlases[model]

    def atlas_now(self, model: str) -> CodeAtlas | None:
        """The same, as far as it is known by now."""
        return self._atlases.get(model)

    def forget_atlas(self, model: str) -> None:
        """It was measured again, or a label changed."""
        self._atlases.pop(model, None)
        for key in [key for key in self._colours if key[0] == model]:
            self._colours.pop(key)
        self._changed("atlas", model)
