"""The palettes and atlases of models that this client has fetched."""

import contextlib

from protocol.errors import AlleleError
from protocol.messages.models import GetAtlas, GetPalette
from tui.model.atlas import CodeAtlas, Colours, atlas_of, colours_of
from tui.session.connection import Changed, Connection


class ModelAtlases:
    """Fetches what the codes of models do: once, and again when the daemon reports a change."""

    def __init__(self, connection: Connection, changed: Changed) -> None:
        self._connection, self._changed = connection, changed
        self._colours: dict[tuple[str, str], Colours] = {}
        self._atlases: dict[str, CodeAtlas] = {}
        self._learning: set[tuple[str, str]] = set()

    def learn(self, model: str, descriptor: str) -> None:
        """Fetch a model's palette and atlas, once at a time. Calls `changed("atlas", model)` when they arrive."""
        key = (model, descriptor)
        if self._connection.connected and key not in self._learning:
            self._learning.add(key)
            self._connection.spawn(self._learn(model, descriptor))

    async def _learn(self, model: str, descriptor: str) -> None:
        before = self._known(model, descriptor)
        try:
            with contextlib.suppress(AlleleError):  # requested again at the next drawing
                await self.fetch(model)
            await self.fetch_colours(model, descriptor)
        finally:
            self._learning.discard((model, descriptor))
        if self._known(model, descriptor) != before:
            self._changed("atlas", model)

    def _known(self, model: str, descriptor: str) -> tuple[bool, bool]:
        return self.colours(model, descriptor).ranks is not None, self.get(model) is not None

    async def fetch_colours(self, model: str, descriptor: str = "") -> Colours:
        """Fetch the meaning of a model's colours and the rank of every code; empty if the daemon has none."""
        key = (model, descriptor)
        if key not in self._colours:
            try:
                answer = await self._connection.ask(GetPalette(model=model, descriptor=descriptor))
            except AlleleError as problem:
                if problem.code != "E_NOT_FOUND" or not descriptor:
                    return Colours()
                self._colours[key] = await self.fetch_colours(
                    model
                )  # not measured for this model: use its most reliable descriptor
            else:
                self._colours[key] = colours_of(answer.body, answer.buffers[0])
        return self._colours[key]

    def colours(self, model: str, descriptor: str = "") -> Colours:
        """Return the meaning of a model's colours as far as fetched. Sends no request."""
        return self._colours.get((model, descriptor), Colours())

    async def fetch(self, model: str) -> CodeAtlas:
        """Fetch what a model's codes do, with the user's labels.

        Raises:
            AlleleError: the model does not exist, or no daemon answers.
        """
        if model not in self._atlases:
            answer = await self._connection.ask(GetAtlas(model=model))
            self._atlases[model] = atlas_of(answer.body, answer.buffers)
        return self._atlases[model]

    def get(self, model: str) -> CodeAtlas | None:
        """Return what a model's codes do if it was fetched, else None. Sends no request."""
        return self._atlases.get(model)

    def forget(self, model: str) -> None:
        """Discard the data of a model, because it was measured again or a label changed."""
        self._atlases.pop(model, None)
        for key in [key for key in self._colours if key[0] == model]:
            self._colours.pop(key)
        self._changed("atlas", model)
