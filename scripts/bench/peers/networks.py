"""The peer networks: how each is built at a matched bitrate and as published, and which are not installed."""

import importlib.util
from typing import Literal

import torch

from peers import dac_like, encodec_peer, rave_like, snac_peer
from peers.peer import Peer, PeerSetting, matched

Variant = Literal["matched", "own"]
NETWORKS = ("encodec", "snac", "dac-like", "rave-like")
NEEDS = {"encodec": "encodec", "snac": "snac"}
INSTALL = ".venv/bin/python -m pip install --editable '.[bench]' --constraint constraints.txt"


def missing(name: str) -> str:
    """What must be installed before a peer can run; "" if it can."""
    package = NEEDS.get(name)
    if package is None or importlib.util.find_spec(package) is not None:
        return ""
    return f"{name} needs the package {package}: {INSTALL}"


def peer_setting(name: str, variant: Variant, kbps: float, learning_rate: float | None = None) -> PeerSetting:
    """Settings with which a peer is built.

    Args:
        variant: matched: the published quantiser cut to `kbps` and a network narrow enough to learn in minutes on a
            CPU; own: everything as published.
        learning_rate: instead of the one that did better here (docs/adr/0005-benchmark.md).
    """
    setting = _own(name) if variant == "own" else _matched(name, kbps)
    if learning_rate is None:
        return setting
    return PeerSetting(
        levels=setting.levels, codebook_size=setting.codebook_size, width=setting.width, learning_rate=learning_rate
    )


def _own(name: str) -> PeerSetting:
    return {
        "encodec": encodec_peer.NATIVE,
        "snac": snac_peer.NATIVE,
        "dac-like": dac_like.NATIVE,
        "rave-like": rave_like.NATIVE,
    }[name]


def _matched(name: str, kbps: float) -> PeerSetting:
    if name == "encodec":
        levels, size = matched(kbps, encodec_peer.HOP_LENGTH, 16, 1024)
        return PeerSetting(levels=levels, codebook_size=size, width=16, learning_rate=1e-3)
    if name == "snac":
        levels, size = matched(kbps, snac_peer.HOP_LENGTH, 4, 4096, snac_peer.VQ_STRIDES)
        return PeerSetting(levels=levels, codebook_size=size, width=8, learning_rate=1e-3)
    if name == "dac-like":
        levels, size = matched(kbps, dac_like.HOP_LENGTH, 9, 1024)
        return PeerSetting(levels=levels, codebook_size=size, width=12, learning_rate=1e-3)
    levels, size = matched(kbps, rave_like.HOP_LENGTH, 16, 1024)
    return PeerSetting(levels=levels, codebook_size=size, width=32, learning_rate=1e-3)


def build(name: str, setting: PeerSetting, seed: int) -> Peer:
    """The network with random weights, the same for the same seed.

    Raises:
        ModuleNotFoundError: its package is not installed (`missing` says which).
    """
    torch.manual_seed(seed)
    kinds: dict[str, type[Peer]] = {
        "encodec": encodec_peer.Encodec,
        "snac": snac_peer.Snac,
        "dac-like": dac_like.DacLike,
        "rave-like": rave_like.RaveLike,
    }
    return kinds[name](setting)
