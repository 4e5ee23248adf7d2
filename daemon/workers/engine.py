"""An engine worker: `python -m daemon.workers.engine DESCRIPTOR PARENT_PID NAME`, a child of the broker.

It reports that it is ready when torch is imported and the device chosen, then answers one parcel at a time. Parcels
with `part` may come before the answer. An exception becomes a typed error. A crash ends only this process.
"""

import sys
from collections.abc import Sequence

from daemon.workers.child import cap_memory, forbid_core_dumps, open_wire
from protocol.arrays import Array

MEMORY_BYTES = 6 << 30  # enough to encode half an hour of audio, with a reserve


def main(argv: Sequence[str]) -> None:
    """Answer requests until the broker closes the pipe."""
    wire = open_wire(argv)
    forbid_core_dumps()
    import msgspec
    import torch

    from daemon.workers.device import choose_device, device_name, facts
    from daemon.workers.drawing import Watcher
    from daemon.workers.failures import describe_failure
    from daemon.workers.operations import Operations

    torch.set_grad_enabled(False)
    device = choose_device()
    if argv[2:] == ["interactive"] and device.type == "cpu":
        torch.set_num_threads(1)  # a preview takes 3 ms on one core; on several it waits for cores that a training uses
    if argv[2:] == ["files"] and device.type == "cpu":  # not with a GPU, whose driver reserves more than any file needs
        cap_memory(MEMORY_BYTES)

    def report(first: int, codes: Array) -> None:
        wire.send({"part": True, "first": first}, [codes])

    operations = Operations(device, Watcher(report, wire.cancelled.is_set))
    wire.send({"op": "hello", "device": device_name(device), **facts(device)})
    while True:
        parcel = wire.inbox.get()
        try:
            fields, buffers = operations.run(parcel.fields, parcel.buffers)
        except Exception as problem:  # noqa: BLE001 - the broker receives the error, and the worker continues
            wire.send({"failure": msgspec.to_builtins(describe_failure(problem))})
        else:
            wire.send(fields, buffers)


if __name__ == "__main__":
    main(sys.argv[1:])
