"""Chooses the device that computes. It imports torch, so only workers import it."""

import os
import platform

import torch


def choose_device() -> torch.device:
    """Choose CUDA, otherwise Apple's GPU, otherwise the CPU. `ALLELE_DEVICE` overrides the choice."""
    wanted = os.environ.get("ALLELE_DEVICE")
    if wanted:
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda", 0)
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def device_name(device: torch.device) -> str:
    """The name of a device in torch: cpu, cuda:0 or mps."""
    return f"cuda:{device.index or 0}" if device.type == "cuda" else device.type


def facts(device: torch.device) -> dict[str, str]:
    """Versions and a description of the device, for `daemon status` and `doctor`."""
    found = {"torch": torch.__version__, "python": platform.python_version()}
    if device.type == "cuda":
        found["device_name"] = torch.cuda.get_device_name(device)
        # the total, because free memory changes all the time
        found["device_memory"] = f"{torch.cuda.mem_get_info(device)[1] / 2**30:.0f} GiB"
    elif device.type == "mps":
        found["device_name"] = "an Apple GPU"
    elif device.type == "cpu":
        found["device_name"] = f"{os.cpu_count()} cores"
    return found
