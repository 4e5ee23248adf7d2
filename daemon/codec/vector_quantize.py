"""`VectorQuantize` of vector-quantize-pytorch, imported without PyTorch's compiler.

That library imports einx, which declares its functions to `torch.compile` and so loads the whole compiler: as long as
PyTorch itself takes, in every process that encodes or decodes. Nothing here compiles, so nothing is declared meanwhile.
"""

from typing import TypeVar

import torch.compiler

T = TypeVar("T")


def _as_it_is(function: T) -> T:
    return function


_declare, torch.compiler.allow_in_graph = torch.compiler.allow_in_graph, _as_it_is
try:
    from vector_quantize_pytorch import VectorQuantize
finally:
    torch.compiler.allow_in_graph = _declare

__all__ = ["VectorQuantize"]
