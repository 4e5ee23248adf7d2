"""The lists of corpora and models in memory. They are read from the folders again on request and after jobs.

What can go wrong: a name does not exist, or a strand's model is deleted or was replaced by another of the same name.
Each error lists the names that exist.
"""

import asyncio
from pathlib import Path
from shlex import quote

from daemon.server.wire.publisher import Publisher
from daemon.store.catalogue import Catalogue
from daemon.store.folders import has_prior
from daemon.store.thread import StoreThread
from daemon.store.trash import in_trash
from protocol.errors import AlleleError
from protocol.messages.corpora import CorpusInfo
from protocol.messages.events import CorporaChanged, ModelsChanged
from protocol.messages.models import ModelInfo
from protocol.strands import StrandMeta


class Library:
    """The corpora that can be trained on, and the models that can encode."""

    def __init__(self, catalogue: Catalogue, thread: StoreThread, publisher: Publisher, trash: Path) -> None:
        self._catalogue, self._thread, self._publisher, self._trash = catalogue, thread, publisher, trash
        self.corpora: list[CorpusInfo] = []
        self.models: list[ModelInfo] = []
        self.model_names = asyncio.Lock()
        """Held while a model is created, deleted or restored, so that requests for the same name run in turn."""

    async def refresh_corpora(self) -> list[CorpusInfo]:
        """Read the list of corpora from the folders. Publishes it if it changed."""
        found = await self._thread.call(self._catalogue.corpora)
        if found != self.corpora:
            self.corpora = found
            self._publisher.publish(CorporaChanged(corpora=found))
        return found

    async def refresh_models(self) -> list[ModelInfo]:
        """Read the list of models from the folders. Publishes it if it changed."""
        found = await self._thread.call(self._catalogue.models)
        if found != self.models:
            self.models = found
            self._publisher.publish(ModelsChanged(models=found))
        return found

    async def corpus(self, name: str) -> CorpusInfo:
        """Find a corpus by name.

        Raises:
            AlleleError: E_NOT_FOUND. It lists the corpora that exist.
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
        """Find a finished model by name.

        Raises:
            AlleleError: E_NOT_FOUND. It lists the models that exist.
        """
        found = self._find(name)
        # A training may have written the prior a moment ago, before its job's end was heard of.
        if found is None or (found.prior is None and await asyncio.to_thread(has_prior, Path(found.path))):
            await self.refresh_models()
            found = self._find(name)
        if found is None:
            raise await self._unknown_model(f"no model is called {name!r}", name)
        return found

    async def model_of(self, meta: StrandMeta) -> ModelInfo:
        """Find the model that a strand was made with: the one it names, else one of the same codec.

        Of several with its codec, the one that the codec was trained for comes first. Sound and edits are the same with
        each; `regenerate` and novelty are those of the model that is found.

        Raises:
            AlleleError: E_NOT_FOUND if it does not exist, E_WRONG_MODEL if another codec has its name now, E_BAD_STRAND
                if the strand's description does not match the model.
        """
        named = self._find(meta.model)
        if named is None or named.codec_id != meta.codec_id:
            await self.refresh_models()
            named = self._find(meta.model)
        sharing = [model for model in self.models if model.codec_id == meta.codec_id]
        same = min(sharing, key=lambda model: bool(model.codec_from), default=None)
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
        """The end of a hint that offers to restore a strand's model, if one of its name is in the trash."""
        if name not in await asyncio.to_thread(in_trash, self._trash, "model"):
            return ""
        return f", or restore the one in the trash: allele model restore {quote(name)} --as {quote(name + '-2')}"

    async def _unknown_model(self, what: str, name: str) -> AlleleError:
        known = ", ".join(model.name for model in self.models) or "none yet"
        hint = "train one with: allele train CORPUS --name MODEL"
        if name in await asyncio.to_thread(in_trash, self._trash, "model"):
            hint = f"restore it from the trash: allele model restore {quote(name)}"
        return AlleleError("E_NOT_FOUND", f"{what} (there are: {known})", hint=hint)


def _plural(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"
