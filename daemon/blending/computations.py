"""The computations that edits ask of a model, by name.

An edit says which one it needs in a `daemon.edits.values.Computation`; the engine calls `compute` with the codec. The
names are those of the operations, but for `align`, which a blend asks for before it blends.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daemon.atlas.table import Atlas
from daemon.blending.alignment import align
from daemon.blending.blend import blend
from daemon.blending.mosaic import mosaic
from daemon.blending.mutation import mutate
from daemon.blending.nudge import nudge
from daemon.codec.codec import Codec, Codes
from daemon.codec.errors import CodecError

COMPUTATIONS: Mapping[str, Callable[..., Any]] = {
    "align": align,
    "blend": blend,
    "mosaic": mosaic,
    "mutate": mutate,
    "nudge": nudge,
}


def compute(
    codec: Codec, kind: str, settings: Mapping[str, Any], inputs: Sequence[Codes], atlas: Atlas | None = None
) -> Any:
    """Carry one computation out: new codes or frame numbers.

    Args:
        atlas: the codec's atlas, for a computation that takes one.

    Raises:
        CodecError: no such computation, or codes that do not fit this codec.
    """
    if kind not in COMPUTATIONS:
        raise CodecError(f"no computation is called {kind}.")
    measured = () if atlas is None else (atlas,)
    return COMPUTATIONS[kind](codec, *measured, *inputs, **settings)
