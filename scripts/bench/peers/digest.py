"""Digest of the code that the figures of a cell depend on.

Comments, docstrings and layout do not change a figure and are left out, so that a sentence added to a docstring leaves
hours of training valid. The interpreter prints the sources (`ast.unparse`), so one minor version of Python may
take another's cells for older ones; it is never the other way round.
"""

import ast
import functools
import hashlib
from pathlib import Path

from peers.records import ROOT, Model

# Allele's own figures: the whole path from recording to measure.
_OURS = (
    *(f"daemon/{folder}/*.py" for folder in ("codec", "corpus", "dsp", "runs", "training")),
    *(f"scripts/bench/peers/{name}.py" for name in ("measuring", "ours", "run_cell", "training")),
)
# What a peer shares with Allele (recordings, split, crops, losses, schedule, measures); none of Allele's network.
_SHARED = (
    *("daemon/corpus/*.py", "daemon/dsp/*.py", "daemon/codec/config.py", "daemon/codec/loudness.py"),
    *(
        f"daemon/training/{name}.py"
        for name in ("augmentation", "crops", "synthetic", "losses", "schedule", "sizing", "threads")
    ),
    *(f"daemon/training/{name}.py" for name in ("blocks", "duplicates", "fingerprints", "near_duplicates", "split")),
    "daemon/runs/spec.py",
    *(f"scripts/bench/peers/{name}.py" for name in ("measuring", "networks", "peer", "run_cell", "training")),
)
_OWN: dict[Model, tuple[str, ...]] = {
    "encodec": ("encodec_peer",),
    "snac": ("snac_peer",),
    "dac-like": ("dac_like",),
    "rave-like": ("rave_like", "pqmf"),
    "opus": ("references",),
    "nearest frame": ("references",),
}


def code_digest(model: Model, root: Path = ROOT) -> str:
    """Digest of the sources that a model's figures depend on."""
    digest = hashlib.sha256()
    patterns = _OURS if model == "ours" else (*_SHARED, *(f"scripts/bench/peers/{name}.py" for name in _OWN[model]))
    for pattern in patterns:
        paths = sorted(root.glob(pattern))
        if not paths:
            raise FileNotFoundError(
                f"{root / pattern}: figures depend on it; update its pattern in {Path(__file__).name}"
            )
        for path in paths:
            digest.update(path.relative_to(root).as_posix().encode() + _meaning(path, path.stat().st_mtime_ns).encode())
    return digest.hexdigest()[:12]


@functools.cache
def _meaning(path: Path, _changed_ns: int) -> str:
    """The source without comments, docstrings and layout."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [item for item in body if not _is_text(item)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
