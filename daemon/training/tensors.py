"""State of a network in training as bytes: groups of tensors in the safetensors format, for a checkpoint."""

import safetensors.torch
import torch
from torch import Tensor


def pack(tensors: dict[str, Tensor]) -> bytes:
    """Serialise named tensors, copied to the host."""
    return safetensors.torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})


def unpack(content: bytes) -> dict[str, Tensor]:
    """Read the tensors that `pack` wrote."""
    return safetensors.torch.load(content)


def pack_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Adam's moments and step counts by parameter index."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{key}": value for index, entry in state.items() for key, value in entry.items()}


def unpack_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Restore the optimiser state that `pack_optimizer` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    whole = optimizer.state_dict()
    optimizer.load_state_dict({"state": state, "param_groups": whole["param_groups"]})


def pack_random(device: torch.device) -> dict[str, Tensor]:
    """State of the random generators, from which the replacement of dead codes draws."""
    packed = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        packed["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        packed["mps"] = torch.mps.get_rng_state()
    return packed


def unpack_random(device: torch.device, packed: dict[str, Tensor]) -> None:
    """Restore the random state that `pack_random` returned."""
    torch.set_rng_state(packed["cpu"])
    if device.type == "cuda" and "cuda" in packed:
        torch.cuda.set_rng_state(packed["cuda"], device)
    elif device.type == "mps" and "mps" in packed:
        torch.mps.set_rng_state(packed["mps"])
