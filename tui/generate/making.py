"""Making sounds: start a generation, go on from a sound, vary one, stop. The daemon does the work as a job."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.generation import GenerationOptions
from protocol.messages.generation import Mode, StartGeneration
from protocol.messages.jobs import CancelJob
from protocol.messages.sounds import Sound
from tui.actions.press import Handlers
from tui.model.controls import BY_NAME
from tui.model.words import plural
from tui.widgets.prompt import Work

if TYPE_CHECKING:
    from tui.generate.screen import GenerateScreen

USUAL_AMOUNT = "0.3"


class SoundMaker:
    """Starts and stops generations for the screen."""

    def __init__(self, screen: "GenerateScreen") -> None:
        self._screen = screen
        self._jobs: set[str] = set()  # that were started here and have not ended

    def handlers(self) -> Handlers:
        """Return the handlers of the actions that make sounds."""
        return {
            "generate.make": lambda _: self.make(),
            "generate.cancel": lambda _: self._cancel(),
            "generate.continue": lambda _: self._go_on(),
            "generate.vary": lambda _: self._ask_how_much(),
        }

    def make(self) -> None:
        """Make new sounds with the controls."""
        options = self._screen.values.options
        self._begin("new", options, f"making {plural(options.count, 'sound')} of {options.seconds:g} s")

    def _go_on(self) -> None:
        sound = self._screen.sound
        if sound is not None:
            options, unused = self._screen.values.applicable("continue")
            self._begin("continue", options, f"going on from {sound.name} for {options.seconds:g} s{unused}", sound)

    def _ask_how_much(self) -> None:
        sound = self._screen.sound
        if sound is not None:
            self._screen.prompt.ask(
                "how much of it to vary (0 to 1): ",
                lambda text: self._vary(sound, text),
                value=USUAL_AMOUNT,
                wants="the share of its frames that is drawn again",
            )

    def _vary(self, sound: Sound, text: str) -> Work | None:
        try:
            amount = BY_NAME["creativity"].kind.read(text.strip())
        except ValueError as problem:
            raise AlleleError("E_BAD_REQUEST", str(problem)) from None
        options, unused = self._screen.values.applicable("vary")
        self._begin("vary", options, f"varying {sound.name} by {amount:g}{unused}", sound, amount)
        return None

    def _begin(
        self, mode: Mode, options: GenerationOptions, words: str, of: Sound | None = None, amount: float = 0.3
    ) -> None:
        model = self._screen.model
        if model is not None:
            of_path = None if of is None else of.strand
            request = StartGeneration(model=model.name, options=options, mode=mode, of=of_path, amount=amount)
            self._screen.spawn(self.start(request, words))

    async def start(self, request: StartGeneration, words: str, buffers: Sequence[Array] = ()) -> None:
        """Start a generation, and report how it ends. `buffers`: the strand of the request, if it contains one."""
        self._jobs.add((await self._screen.session.ask(request, buffers=buffers)).body.job)
        self._screen.say(f"{words}; {{generate.cancel}} stops it")

    def _cancel(self) -> None:
        job = self._screen.job
        if job is not None:
            self._screen.spawn(self._cancelled(job.id))

    async def _cancelled(self, job: str) -> None:
        await self._screen.session.ask(CancelJob(job=job))
        self._screen.say("stopping; what is finished stays")

    def report_ended(self) -> None:
        """Say how a generation that was started here ended."""
        for job in [self._screen.session.jobs.get(one) for one in self._jobs]:
            if job is None or job.is_open:
                continue
            self._jobs.discard(job.id)
            made = len((job.result or {}).get("outputs", []))
            if job.state == "done":
                self._screen.say(f"{plural(made, 'sound')} made")
            elif job.state == "failed":
                self._screen.say(" ".join(filter(None, (job.error, f"({job.hint})" if job.hint else ""))), bad=True)
