"""Palettes and atlases of models, as far as this client has fetched them. Base of `StrandDesk`."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.messages.fields import Request, Struct
from protocol.messages.models import GetAtlas, GetPalette
from tui.model.atlas import CodeAtlas, Colours, atlas_of, colours_of

if TYPE_CHECKING:
    from tui.transport.client import Answer

R = TypeVar("R", bound=Struct)


class AtlasDesk(ABC):
    """Fetched once, and again when the daemon says that something changed. What needs a connection is the session's."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed
        self._colours: dict[tuple[str, str], Colours] = {}
        self._atlases: dict[str, CodeAtlas] = {}
        self._learning: set[tuple[str, str]] = set()

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Is there a daemon to ask?"""

    @abstractmethod
    async def ask(
        self,
        body: Request[R],
        *,
        timeout_s: float | None = 30.0,
        buffers: Sequence[Array] = (),
        request_id: bytes | None = None,
    ) -> "Answer[R]":
        """A request's answer."""

    @abstractmethod
    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine; what it raises is shown as a sentence."""

    def learn(self, model: str, descriptor: str) -> None:
        """Ask what a model's codes do, once at a time; `changed("atlas", model)` when more is known than before."""
        key = (model, descriptor)
        if self.connected and key not in self._learning:
            self._learning.add(key)
            self.spawn(self._learn(model, descriptor))

    async def _learn(self, model: str, descriptor: str) -> None:
        before = self._known(model, descriptor)
        try:
            with contextlib.suppress(AlleleError):  # asked again with the next picture
                await self.atlas(model)
            await self.colours(model, descriptor)
        finally:
            self._learning.discard((model, descriptor))
        if self._known(model, descriptor) != before:
            self._changed("atlas", model)

    def _known(self, model: str, descriptor: str) -> tuple[bool, bool]:
        return self.colours_now(model, descriptor).ranks is not None, self.atlas_now(model) is not None

    async def colours(self, model: str, descriptor: str = "") -> Colours:
        """What a model's colours mean, and the rank of every code; nothing while the daemon cannot say."""
        key = (model, descriptor)
        if key not in self._colours:
            try:
                answer = await self.ask(GetPalette(model=model, descriptor=descriptor))
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
            answer = await self.ask(GetAtlas(model=model))
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
