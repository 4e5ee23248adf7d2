"""An engine worker: `python -m daemon.workers.engine DESCRIPTOR PARENT_PID NAME`, a child of the broker.

It says hello once torch is imported and the device chosen, then answers one parcel at a time. An exception becomes a
typed error; anything worse ends this process and nothing else.
"""

import sys
from collections.abc import Sequence

from daemon.workers.child import cap_memory, forbid_core_dumps, open_wire

MEMORY_BYTES = 6 << 30  # half an hour of audio while it is encoded, with room


def main(argv: Sequence[str]) -> None:
    """Serve until the broker goes away."""
    wire = open_wire(argv)
    forbid_core_dumps()
    import msgspec
    import torch

    from daemon.workers.device import choose_device, device_name, facts
    from daemon.workers.failures import describe_failure
    from daemon.workers.operations import Operations

    torch.set_grad_enabled(False)
    device = choose_device()
    if argv[2:] == ["interactive"] and device.type == "cpu":
        torch.set_num_threads(1)  # a preview takes 3 ms on one; on several it waits for cores that a training holds
    if argv[2:] == ["files"] and device.type == "cpu":  # a GPU's driver reserves more than any file needs
        cap_memory(MEMORY_BYTES)
    operations = Operations(device)
    wire.send({"op": "hello", "device": device_name(device), **facts(device)})
    while True:
        parcel = wire.inbox.get()
        try:
            fields, buffers = operations.run(parcel.fields, parcel.buffers)
        except Exception as problem:  # noqa: BLE001 - the broker is told, and the worker goes on
            wire.send({"failure": msgspec.to_builtins(describe_failure(problem))})
        else:
            wire.send(fields, buffers)


if __name__ == "__main__":
    main(sys.argv[1:])
