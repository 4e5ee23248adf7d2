"""What this machine computes on. In workers only: it imports torch."""

import os
import platform

import torch


def choose_device() -> torch.device:
    """CUDA, then Apple's GPU, then the CPU; `ALLELE_DEVICE` overrides."""
    wanted = os.environ.get("ALLELE_DEVICE")
    if wanted:
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda", 0)
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def device_name(device: torch.device) -> str:
    """The device as torch calls it: cpu, cuda:0, mps."""
    return f"cuda:{device.index or 0}" if device.type == "cuda" else device.type


def facts(device: torch.device) -> dict[str, str]:
    """Versions, and the device in words, for `daemon status` and `doctor`."""
    said = {"torch": torch.__version__, "python": platform.python_version()}
    if device.type == "cuda":
        said["device_name"] = torch.cuda.get_device_name(device)
        said["device_memory"] = f"{torch.cuda.mem_get_info(device)[1] / 2**30:.0f} GiB"  # what is free is old at once
    elif device.type == "mps":
        said["device_name"] = "an Apple GPU"
    elif device.type == "cpu":
        said["device_name"] = f"{os.cpu_count()} cores"
    return said
