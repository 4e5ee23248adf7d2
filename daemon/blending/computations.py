"""The questions that edits ask of a model, by name.

`daemon.edits.values.Computation` says them, the engine passes them on with a codec.
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

KINDS: Mapping[str, Callable[..., Any]] = {"align": align, "blend": blend, "mosaic": mosaic, "mutate": mutate}
WITH_ATLAS: Mapping[str, Callable[..., Any]] = {"nudge": nudge}


def compute(
    codec: Codec, kind: str, settings: Mapping[str, Any], inputs: Sequence[Codes], atlas: Callable[[], Atlas]
) -> Any:
    """Answer one question: new codes or frame numbers.

    Args:
        atlas: finds the codec's atlas; called where the question takes one.

    Raises:
        CodecError: no such question, or codes that do not fit this codec.
        AtlasError: there is no atlas that can be used.
    """
    if kind in WITH_ATLAS:
        return WITH_ATLAS[kind](codec, atlas(), *inputs, **settings)
    if kind not in KINDS:
        raise CodecError(f"nothing is known of a computation called {kind}.")
    return KINDS[kind](codec, *inputs, **settings)
