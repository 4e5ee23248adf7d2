"""Requests about models."""

from daemon.server.dispatch import DispatchTable, Reply, Request
from daemon.server.services import Services
from protocol.messages import ListModels, Models, ShowModel


class ModelHandlers:
    """Lists from the folders."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, _: Request) -> Reply:
        """As the folders are now."""
        return Reply(body=Models(models=await self._services.library.refresh_models()))

    async def show(self, request: Request) -> Reply:
        """One of them."""
        body: ShowModel = request.body
        return Reply(body=await self._services.library.model(body.name))


def register(table: DispatchTable, services: Services) -> None:
    """Answer the requests of this module."""
    handlers = ModelHandlers(services)
    table.add(ListModels, handlers.list)
    table.add(ShowModel, handlers.show)
