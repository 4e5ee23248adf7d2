"""What is said of the device: its plain name for scripts, words for people."""

import os

import pytest
import torch

from daemon.workers.device import device_name, facts


@pytest.mark.parametrize(("device", "name"), [("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("mps", "mps")])
def test_a_device_is_called_as_torch_calls_it(device: str, name: str) -> None:
    assert device_name(torch.device(device)) == name


def test_the_device_in_words_is_a_fact() -> None:
    assert facts(torch.device("cpu"))["device_name"] == f"{os.cpu_count()} cores"


def test_of_a_gpus_memory_only_what_does_not_change_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for torch.cuda: the machines that run the tests have no GPU."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H200")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (7 << 30, 139 << 30))
    said = facts(torch.device("cuda", 0))
    assert (said["device_name"], said["device_memory"]) == ("NVIDIA H200", "139 GiB")
