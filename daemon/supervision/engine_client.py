"""The broker's client of the engine: the operations of models as coroutines. It imports no torch.

There are two workers, so that a key press never waits for a long encode. `interactive` decodes regions, ranks codebooks
and computes edits. `files` computes the few edits that take seconds, and reads and writes whole files; a malicious file
can crash only this worker. It starts when `interactive` is ready, because both import torch and a user waits for the
first one.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from daemon.dsp.audio import Decoded
from daemon.edits.values import Computation
from daemon.supervision.pipe import Parcel
from daemon.supervision.supervisor import WorkerSupervisor
from protocol.arrays import Array
from protocol.ranges import SampleRange
from protocol.strands import Codes

PCM = npt.NDArray[np.float32]
OnDrawn = Callable[[int, Codes], None]

INTERACTIVE_LIMIT_S = 60.0  # loading a model onto a cold GPU; a decode takes milliseconds
FILES_LIMIT_S = 3600.0
WHOLE_FRAMES = 512  # grids up to this length are sent as a whole: 8 KiB at 8 levels


@dataclass(frozen=True, kw_only=True)
class EncodedFile:
    """An encoded audio file. source: path, sha256, sample_rate, channels. notes: texts to show to the user."""

    codes: Codes
    samples: int
    gain_db: float
    codec: dict[str, Any]
    source: dict[str, Any]
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """The state of the engine: starting, ready, restarting or failed. device: "" until it is known."""

    engine: str
    device: str
    detail: str
    facts: dict[str, str]


class EngineClient:
    """Sends requests to both engine workers.

    Args:
        models: the folder that contains a folder for each model.
        logs: the folder for the output of the workers.
        on_change: called on the loop's thread when `state` changed.
    """

    def __init__(self, models: Path, logs: Path, on_change: Callable[[], None]) -> None:
        self._models, self._on_change = models, on_change
        self._interactive = WorkerSupervisor(
            "interactive", logs / "engine.log", self._changed, op_limit_s=INTERACTIVE_LIMIT_S
        )
        self._files = WorkerSupervisor("files", logs / "engine-files.log", self._changed, op_limit_s=FILES_LIMIT_S)
        self._margins: dict[str, int] = {}
        self._second: asyncio.Task[None] | None = None
        self._first_up = asyncio.Event()

    @property
    def state(self) -> EngineState:
        """The state of the engine, which is that of its first worker."""
        first, second = self._interactive, self._files
        detail = first.detail
        if first.state == "ready" and second.state in ("restarting", "failed"):
            detail = f"the worker for files is {second.state}: {second.detail}"
        facts = {str(key): str(value) for key, value in first.facts.items() if key not in ("op", "device")}
        device = str(first.facts.get("device", ""))
        return EngineState(engine=first.state, device=device, detail=detail, facts=facts)

    async def start(self) -> None:
        """Start both workers. Returns without waiting for them."""
        self._interactive.start()
        self._second = asyncio.create_task(self._start_second())

    async def stop(self) -> None:
        """Kill both workers and wait for their end."""
        if self._second is not None:
            self._second.cancel()
            await asyncio.gather(self._second, return_exceptions=True)
        await asyncio.gather(self._interactive.stop(), self._files.stop())

    async def decode(
        self,
        model: str,
        codec_id: str,
        codes: Codes,
        lo: int,
        hi: int,
        levels: Sequence[int] | None,
        gains_db: PCM,
        deadline_s: float | None = None,
    ) -> Decoded:
        """Decode frames [lo, hi) of a grid (Q, T) to PCM float32, equal to the same part of a full decode.

        Args:
            codec_id: the codec of the codes, because another model may have the name by now.
            gains_db: the gain of each frame of the grid, (T,).

        Returns:
            PCM of ((hi - lo) * hop_length,) in mono, two such rows in stereo, and where it was limited.

        Raises:
            AlleleError: E_RANGE, E_WRONG_MODEL, E_ENGINE, E_DEADLINE, or an error of the codec.
        """
        part, gains, first = codes, gains_db, 0
        if codes.shape[1] > WHOLE_FRAMES:
            margin = await self.margin(model, codec_id, deadline_s)
            first = max(0, lo - margin)
            part, gains = codes[:, first : hi + margin], gains_db[first : hi + margin]
        fields = {
            "model": self._folder(model),
            "codec_id": codec_id,
            "lo": lo - first,
            "hi": hi - first,
            "levels": None if levels is None else list(levels),
        }
        answer = await self._interactive.request("decode", fields, [part, gains], deadline_s)
        return Decoded(*answer.buffers)

    async def ranks(self, model: str, codec_id: str, deadline_s: float | None = None) -> npt.NDArray[np.uint16]:
        """Return the rank of every code in its level, (Q, K), in the order of the first principal component."""
        fields = {"model": self._folder(model), "codec_id": codec_id}
        answer = await self._interactive.request("ranks", fields, (), deadline_s)
        return answer.buffers[0]

    async def compute(
        self,
        model: str,
        codec_id: str,
        computation: Computation,
        deadline_s: float | None = None,
        on_drawn: OnDrawn = lambda _first, _codes: None,
    ) -> Array:
        """Let a model compute what an edit needs. A task that is cancelled here stops the work.

        Args:
            on_drawn: called with the number of the first of some frames that were drawn, and their codes (Q, n).

        Raises:
            AlleleError: E_ENGINE, E_DEADLINE, E_OOM, or an error of the codec.
        """
        worker = self._files if computation.is_long else self._interactive
        fields = {
            "model": self._folder(model),
            "codec_id": codec_id,
            "kind": computation.kind,
            "settings": dict(computation.settings),
            "needs_atlas": computation.needs_atlas,
            "needs_prior": computation.needs_prior,
        }

        def on_part(part: Parcel) -> None:
            on_drawn(int(part.fields["first"]), part.buffers[0])

        return (await worker.request("compute", fields, computation.inputs, deadline_s, on_part)).buffers[0]

    async def encode_file(self, model: str, path: Path, deadline_s: float | None = None) -> EncodedFile:
        """Encode an audio file.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_AUDIO, E_TOO_SHORT, E_ENGINE, E_DEADLINE, E_OOM.
        """
        fields = {"model": self._folder(model), "path": str(path)}
        answer = await self._files.request("encode_file", fields, (), deadline_s)
        said = answer.fields
        return EncodedFile(
            codes=answer.buffers[0],
            samples=said["samples"],
            gain_db=said["gain_db"],
            codec=said["codec"],
            source=said["source"],
            notes=said["notes"],
        )

    async def decode_file(
        self,
        model: str,
        codec_id: str,
        codes: Codes,
        out: Path,
        *,
        samples: int,
        gains_db: PCM,
        levels: Sequence[int] | None = None,
        part: SampleRange | None = None,
        replace: bool = True,
        deadline_s: float | None = None,
    ) -> dict[str, Any]:
        """Decode a grid to a 48 kHz 24-bit WAV file. Returns samples, seconds, peak_db and rms_db.

        Args:
            part: write only these samples of the whole.

        Raises:
            AlleleError: E_EXISTS for a file that must not be replaced, E_IO, E_DISK_FULL, E_ENGINE, E_DEADLINE,
                E_OOM, or an error of the codec.
        """
        fields = {
            "model": self._folder(model),
            "codec_id": codec_id,
            "out": str(out),
            "samples": samples,
            "levels": None if levels is None else list(levels),
            "part": None if part is None else [part.first, part.past],
            "replace": replace,
        }
        return (await self._files.request("decode_file", fields, [codes, gains_db], deadline_s)).fields

    async def onsets(
        self, model: str, codec_id: str, codes: Codes, *, samples: int, gains_db: PCM, deadline_s: float | None = None
    ) -> tuple[Array, list[float]]:
        """Find the onsets of a grid's sound. Returns samples, (n,) int32, and likely tempos in beats a minute.

        Raises:
            AlleleError: E_ENGINE, E_DEADLINE, E_OOM, or an error of the codec.
        """
        fields = {"model": self._folder(model), "codec_id": codec_id, "samples": samples}
        answer = await self._files.request("onsets", fields, [codes, gains_db], deadline_s)
        return answer.buffers[0], list(answer.fields["tempos"])

    async def novelty_of_file(self, model: str, path: Path, deadline_s: float | None = None) -> dict[str, Any]:
        """Judge whether an audio file is new to a model. Returns the fields of NoveltyVerdict without its model.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_AUDIO, E_TOO_SHORT, E_BAD_REQUEST without an index, E_ENGINE, E_DEADLINE.
        """
        fields = {"model": self._folder(model), "path": str(path)}
        return (await self._files.request("novelty_of_file", fields, (), deadline_s)).fields

    async def novelty_of_codes(
        self, model: str, codec_id: str, codes: Codes, *, samples: int, gains_db: PCM, deadline_s: float | None = None
    ) -> dict[str, Any]:
        """Judge whether a grid's sound is new to its model. Returns what `novelty_of_file` does.

        Raises:
            AlleleError: E_WRONG_MODEL, E_BAD_REQUEST without an index, E_ENGINE, E_DEADLINE.
        """
        fields = {"model": self._folder(model), "codec_id": codec_id, "samples": samples}
        return (await self._files.request("novelty_of_codes", fields, [codes, gains_db], deadline_s)).fields

    async def preview(self, path: Path, source: Path, deadline_s: float | None = None) -> tuple[PCM, float]:
        """Read a run's preview, (L,) or in stereo (2, L) float32, at its source's loudness. Returns PCM and gain in dB.

        Raises:
            AlleleError: E_NOT_FOUND, E_IO, E_ENGINE, E_DEADLINE.
        """
        fields = {"path": str(path), "source": str(source)}
        answer = await self._interactive.request("preview", fields, (), deadline_s)
        return answer.buffers[0], float(answer.fields["gain_db"])

    async def clip(self, path: Path, deadline_s: float | None = None) -> PCM:
        """Read an audio file at 48 kHz, (L,) or in stereo (2, L) float32.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_AUDIO, E_TOO_SHORT, E_ENGINE, E_DEADLINE.
        """
        answer = await self._files.request("clip", {"path": str(path)}, (), deadline_s)
        return answer.buffers[0]

    async def margin(self, model: str, codec_id: str, deadline_s: float | None = None) -> int:
        """The number of frames of context that the codec needs on either side of a region."""
        if codec_id not in self._margins:
            fields = {"model": self._folder(model), "codec_id": codec_id}
            answer = await self._interactive.request("load", fields, (), deadline_s)
            self._margins[codec_id] = int(answer.fields["margin"])
        return self._margins[codec_id]

    def _folder(self, model: str) -> str:
        return str(self._models / model)

    def _changed(self) -> None:
        if self._interactive.state in ("ready", "failed"):
            self._first_up.set()
        self._on_change()

    async def _start_second(self) -> None:
        await self._first_up.wait()
        self._files.start()
