"""Corpora and models as the loop knows them: lists in memory, brought up to the folders on request and after jobs.

What can go wrong: a name that does not exist, or a strand whose model is gone or has become another; each error names
what there is instead.
"""

import asyncio
from pathlib import Path
from shlex import quote

from daemon.server.wire.publisher import Publisher
from daemon.store.catalogue import Catalogue
from daemon.store.thread import StoreThread
from daemon.store.trash import in_trash
from protocol.errors import AlleleError
from protocol.messages.corpora import CorpusInfo
from protocol.messages.events import CorporaChanged, ModelsChanged
from protocol.messages.models import ModelInfo
from protocol.strands import StrandMeta


class Library:
    """What there is to train on and to encode with."""

    def __init__(self, catalogue: Catalogue, thread: StoreThread, publisher: Publisher, trash: Path) -> None:
        self._catalogue, self._thread, self._publisher, self._trash = catalogue, thread, publisher, trash
        self.corpora: list[CorpusInfo] = []
        self.models: list[ModelInfo] = []
        self.model_names = asyncio.Lock()
        """Held by whoever begins, deletes or restores a model: of two requests for a name the second sees the first."""

    async def refresh_corpora(self) -> list[CorpusInfo]:
        """The list as the folders are now; everybody is told when it changed."""
        found = await self._thread.call(self._catalogue.corpora)
        if found != self.corpora:
            self.corpora = found
            self._publisher.publish(CorporaChanged(corpora=found))
        return found

    async def refresh_models(self) -> list[ModelInfo]:
        """The list as the folders are now; everybody is told when it changed."""
        found = await self._thread.call(self._catalogue.models)
        if found != self.models:
            self.models = found
            self._publisher.publish(ModelsChanged(models=found))
        return found

    async def corpus(self, name: str) -> CorpusInfo:
        """One corpus.

        Raises:
            AlleleError: E_NOT_FOUND naming those that exist.
        """
        for info in await self.refresh_corpora():
            if info.name == name:
                return info
        known = ", ".join(info.name for info in self.corpora) or "none"
        raise AlleleError(
            "E_NOT_FOUND",
            f"no corpus is called {name!r} (there are: {known})",
            hint=f"make it with: allele corpus add {quote(name)} PATH...",
        )

    async def model(self, name: str) -> ModelInfo:
        """One finished model.

        Raises:
            AlleleError: E_NOT_FOUND naming those that exist.
        """
        found = self._find(name)
        if found is None:
            await self.refresh_models()
            found = self._find(name)
        if found is None:
            raise await self._unknown_model(f"no model is called {name!r}", name)
        return found

    async def model_of(self, meta: StrandMeta) -> ModelInfo:
        """The model whose codes a strand holds.

        Raises:
            AlleleError: E_NOT_FOUND when it is gone, E_WRONG_MODEL when its name is another codec's now, E_BAD_STRAND
                when the strand's own words cannot be that model's.
        """
        named = self._find(meta.model)
        if named is None or named.codec_id != meta.codec_id:
            await self.refresh_models()
            named = self._find(meta.model)
        same = next((model for model in self.models if model.codec_id == meta.codec_id), None)
        model = named if named is not None and named.codec_id == meta.codec_id else same
        if model is None and named is None:
            what = f"{meta.name} was made with model {meta.model!r}, which is not here"
            raise await self._unknown_model(what, meta.model)
        if model is None:
            raise AlleleError(
                "E_WRONG_MODEL",
                f"{meta.name} was made with another model called {meta.model} (codec {meta.codec_id[:12]}); "
                f"the one here is codec {named.codec_id[:12] if named else ''}",
                hint=f"encode its sound again: allele encode FILE --model {quote(meta.model)}"
                + await self._perhaps_deleted(meta.model),
            )
        if (meta.levels, meta.codebook) != (model.levels, model.codebook):
            raise AlleleError(
                "E_BAD_STRAND",
                f"{meta.name} says {meta.levels} levels of {meta.codebook} codes, "
                f"model {model.name} has {model.levels} of {model.codebook}",
                hint=f"encode its sound again: allele encode FILE --model {quote(model.name)}",
            )
        if meta.channels != model.channels:
            raise AlleleError(
                "E_BAD_STRAND",
                f"{meta.name} says {_plural(meta.channels)}, model {model.name} has {_plural(model.channels)}",
                hint=f"encode its sound again: allele encode FILE --model {quote(model.name)}",
            )
        return model

    def _find(self, name: str) -> ModelInfo | None:
        return next((model for model in self.models if model.name == name), None)

    async def _perhaps_deleted(self, name: str) -> str:
        """Where else a strand's codec may be, for the end of a hint."""
        if name not in await asyncio.to_thread(in_trash, self._trash, "model"):
            return ""
        return f", or take the one in the trash back: allele model restore {quote(name)} --as {quote(name + '-2')}"

    async def _unknown_model(self, what: str, name: str) -> AlleleError:
        known = ", ".join(model.name for model in self.models) or "none yet"
        hint = "train one with: allele train CORPUS --name MODEL"
        if name in await asyncio.to_thread(in_trash, self._trash, "model"):
            hint = f"take it back from the trash: allele model restore {quote(name)}"
        return AlleleError("E_NOT_FOUND", f"{what} (there are: {known})", hint=hint)


def _plural(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"
