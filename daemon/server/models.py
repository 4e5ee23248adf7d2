"""Requests about models."""

from collections import OrderedDict

from daemon.server.dispatch import DispatchTable, Reply, Request
from daemon.server.services import Services
from protocol.arrays import Array
from protocol.messages import GetPalette, ListModels, Models, Palette, ShowModel

KEPT_PALETTES = 16
DESCRIPTOR = "first principal component"


class ModelHandlers:
    """Lists from the folders; palettes from the engine, once for each codec."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._palettes: OrderedDict[str, Array] = OrderedDict()

    async def list(self, _: Request) -> Reply:
        """As the folders are now."""
        return Reply(body=Models(models=await self._services.library.refresh_models()))

    async def show(self, request: Request) -> Reply:
        """One of them."""
        body: ShowModel = request.body
        return Reply(body=await self._services.library.model(body.name))

    async def palette(self, request: Request) -> Reply:
        """Ranks (Q, K), the same for a codec's life."""
        body: GetPalette = request.body
        model = await self._services.library.model(body.model)
        if model.codec_id not in self._palettes:
            self._palettes[model.codec_id] = await self._services.engine.ranks(model.name, request.deadline_s)
            while len(self._palettes) > KEPT_PALETTES:
                self._palettes.popitem(last=False)
        return Reply(body=Palette(model=model.name, descriptor=DESCRIPTOR), buffers=(self._palettes[model.codec_id],))


def register(table: DispatchTable, services: Services) -> None:
    """Answer the requests of this module."""
    handlers = ModelHandlers(services)
    table.add(ListModels, handlers.list)
    table.add(ShowModel, handlers.show)
    table.add(GetPalette, handlers.palette)
