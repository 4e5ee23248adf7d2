"""Handlers of requests about models."""

import asyncio
from pathlib import Path
from shlex import quote

from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.store.belongings import move_belongings
from daemon.store.trash import in_trash, move_to_trash, take_back
from protocol.errors import AlleleError
from protocol.messages.fields import Done
from protocol.messages.models import DeleteModel, ListModels, Models, RenameModel, RestoreModel, ShowModel

NAMED = 3
"""The largest number of strands that a message names one by one."""


class ModelHandlers:
    """Answers requests about models. A deleted model is moved to the trash, from which it can be restored."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._places = services.config.places

    async def list(self, _: Call[ListModels]) -> Reply:
        """List the models, as their folders are now."""
        return Reply(body=Models(models=await self._services.library.refresh_models()))

    async def show(self, request: Call[ShowModel]) -> Reply:
        """Describe one model by its name."""
        body = request.body
        return Reply(body=await self._services.library.model(body.name))

    async def delete(self, request: Call[DeleteModel]) -> Reply:
        """Move a model to the trash. Refused while any job, even a paused one, uses it. Names its open strands."""
        body = request.body
        async with self._services.library.model_names:
            folder = await self._deletable(body.name)
            silent = await self._silent_without(body.name)
            request.check_deadline()
            trashed = await asyncio.to_thread(move_to_trash, folder, self._places.trash, "model")
            await self._services.jobs.move_runs(folder, trashed)
            await self._services.library.refresh_models()
        return Reply(body=Done(detail=f"moved to {trashed}{silent}"))

    async def _deletable(self, name: str) -> Path:
        folder = self._places.models / name
        if not await asyncio.to_thread(folder.is_dir):
            await self._services.library.refresh_models()  # a user may have removed its folder
            await self._services.library.model(name)
        for job in self._services.jobs.open:
            if job.kind in ("train", "atlas", "generate") and job.subject == name:
                raise AlleleError("E_BUSY", f"job {job.id} uses model {name}", hint=f"allele jobs cancel {job.id}")
        return folder

    async def _silent_without(self, name: str) -> str:
        """A text that names the open strands that cannot be played without this model."""
        models = await self._services.library.refresh_models()
        codec = next((model.codec_id for model in models if model.name == name), None)
        if codec is None or any(model.codec_id == codec and model.name != name for model in models):
            return ""
        held = [info.meta.name for info in self._services.strands.list_strands() if info.meta.codec_id == codec]
        if not held:
            return ""
        more = f" and {len(held) - NAMED} more" if len(held) > NAMED else ""
        return f"; these strands are silent until it is restored: {', '.join(held[:NAMED])}{more}"

    async def restore(self, request: Call[RestoreModel]) -> Reply:
        """Restore the most recently deleted model of a name. Refused while another model or training has the name."""
        body = request.body
        async with self._services.library.model_names:
            deleted = await asyncio.to_thread(in_trash, self._places.trash, "model")
            if body.name not in deleted:
                known = ", ".join(deleted) or "none"
                raise AlleleError(
                    "E_NOT_FOUND",
                    f"no model called {body.name!r} is in the trash (there are: {known})",
                    hint="allele model list shows the models that are not deleted",
                )
            name = body.new_name or body.name
            again = f"allele model restore {quote(body.name)} --as {quote(name + '-2')}"
            folder = await self._free_folder(name, again)
            request.check_deadline()
            await asyncio.to_thread(take_back, deleted[body.name], folder)
            await self._services.jobs.move_runs(deleted[body.name], folder)
            await self._services.library.refresh_models()
        return Reply(body=Done(detail=f"it is in {folder}"))

    async def rename(self, request: Call[RenameModel]) -> Reply:
        """Give a model another name. Refused like `delete`, and if another model or training has the name."""
        body = request.body
        async with self._services.library.model_names:
            await self._services.library.model(body.name)
            folder = await self._deletable(body.name)
            again = f"allele model rename {quote(body.name)} {quote(body.new_name + '-2')}"
            target = await self._free_folder(body.new_name, again)
            request.check_deadline()
            await asyncio.to_thread(take_back, folder, target, "renamed")
            named = (self._places.generated, self._places.presets)
            await asyncio.to_thread(move_belongings, named, body.name, body.new_name)
            await self._services.jobs.move_runs(folder, target)
            await self._services.library.refresh_models()
        return Reply(body=Done(detail=f"it is in {target}"))

    async def _free_folder(self, name: str, again: str) -> Path:
        """Return the folder for a model of a new name. `again` is a command with another name.

        Raises:
            AlleleError: E_EXISTS if a model or training has the name.
        """
        folder = self._places.models / name
        is_training = any((job.kind, job.subject) == ("train", name) for job in self._services.jobs.open)
        if is_training or await asyncio.to_thread(folder.exists):
            raise AlleleError(
                "E_EXISTS",
                f"there is a model or a training called {name} already",
                hint=f"choose another name: {again}",
            )
        return folder


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    handlers = ModelHandlers(services)
    table.add(ListModels, handlers.list)
    table.add(ShowModel, handlers.show)
    table.add(DeleteModel, handlers.delete)
    table.add(RestoreModel, handlers.restore)
    table.add(RenameModel, handlers.rename)
