"""`VectorQuantize` of vector-quantize-pytorch, imported without PyTorch's compiler.

That library imports einx, which registers its functions with `torch.compile` and so loads the whole compiler. This
takes as long as importing PyTorch itself, in every process that encodes or decodes. Allele compiles nothing, so the
registration is disabled during the import.
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
