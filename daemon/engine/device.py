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
    """The device as the status line shows it."""
    if device.type == "cuda":
        return f"cuda:{device.index or 0} {torch.cuda.get_device_name(device)}"
    if device.type == "cpu":
        return f"cpu, {os.cpu_count()} cores"
    return device.type


def facts(device: torch.device) -> dict[str, str]:
    """Versions and memory, for `daemon status` and `doctor`."""
    said = {"torch": torch.__version__, "python": platform.python_version()}
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        said["device_memory"] = f"{(total - free) / 2**30:.1f}/{total / 2**30:.0f} GB"
    return said
