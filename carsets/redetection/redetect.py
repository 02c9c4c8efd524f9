"""Looks again at the images of a catalog, and goes on where it was when it was killed.

The catalog keeps how far a job has come, in the transaction that writes what was found: a batch is
written once, or not at all. Engines differ in who computes a batch, and never in what is in it.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from carsets.catalog.detection_rows import Choice, Policy, Step
from carsets.catalog.entries import now
from carsets.outcomes import ExitCode
from carsets.problems import UserError
from carsets.vision.detection import Rule, detect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from carsets.catalog.batch_jobs import BatchJob
    from carsets.catalog.catalog import Catalog
    from carsets.catalog.detection_rows import StoredFile
    from carsets.redetection.stages import Batch
    from carsets.release.progress import ExportProgress
    from carsets.vision.detection import Detection
    from carsets.vision.labels import LabelTable
    from carsets.vision.model_files import ModelSpec

KIND = "detection"  # of the job
WINDOW = 5_000  # numbers of images that are read from the catalog at once
LOST_IN_A_ROW = 100  # then it is not the images but the store, or the network
MOST_NAMED = 5  # images that could not be looked at


class Engine(Protocol):
    """What moves batches through both stages."""

    name: str

    def run(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the answer to each batch, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is asked. The same task goes on with the same job, with whatever engine."""

    choice: Choice
    policy: Policy
    spec: ModelSpec
    rule: Rule
    table: LabelTable
    batch_size: int

    def as_json(self) -> dict[str, Any]:
        """Return all that a verdict depends on."""
        where = {"fetch", "threads"}  # change no verdict
        return {
            "choice": asdict(self.choice),
            "policy": asdict(self.policy),
            "network": {name: v for name, v in self.spec.to_frame().items() if name not in where},
            "rule": asdict(self.rule),
            "vehicles": sorted(self.table.vehicles),
            "batch_size": self.batch_size,
        }


@dataclass(slots=True)
class Report:
    """What came of it: of the whole job, over all the runs that it took."""

    tally: Counter[str] = field(default_factory=Counter)  # how its images ended
    before: int = 0  # images that an earlier run of the job has done
    looked_at: int = 0  # by this run
    changed: dict[tuple[str, str], int] = field(default_factory=dict)  # verdicts: (old, new)
    files_deleted: int = 0
    named: list[str] = field(default_factory=list)  # some that were lost, and why
    model: str = ""
    way: str = ""  # how the network ran, as in "float32, GPU"
    started: str = field(default_factory=now)
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """How many images could not be looked at."""
        return self.tally["unreadable"] + self.tally["failed"]


class Redetection:
    """One run of a job."""

    def __init__(
        self,
        catalog: Catalog,
        task: Task,
        delete: Callable[[str], bool],  # takes a path out of the image store
        progress: ExportProgress,
    ) -> None:
        self.catalog = catalog
        self.task = task
        self.delete = delete
        self.progress = progress
        self.report = Report()
        self.expected: deque[Sequence[int]] = deque()  # numbers in the batches under way
        self.lost_in_a_row = 0

    def run(self, engine: Engine, *, anew: bool = False) -> Report:
        """Look at what is left of the job; ``anew`` begins it again.

        Raises UserError when it cannot go on; what was done until then stays done.
        """
        began = monotonic()
        self._clean_up()
        job = self.catalog.open_job(KIND, self.task.as_json(), self.report.started, anew=anew)
        self.report.before = job.tally.total()
        left = self.catalog.count_files(job.done_to, job.last_seq, self.task.choice)
        self.progress.begin("looking at images", left)
        after = job.done_to
        if left:
            for answer in engine.run(self._batches(job)):
                after = self._record(job.job_id, after, answer)
        if self.expected:
            raise UserError(f"{len(self.expected)} batches were lost", ExitCode.UNBALANCED)
        self._clean_up()
        self.report.tally = self.catalog.finish_job(job.job_id, now())
        self.report.changed = self.catalog.changed_verdicts(job.job_id)
        self.report.seconds = monotonic() - began
        return self.report

    def _batches(self, job: BatchJob) -> Iterator[Batch]:
        """Yield the images that are left: the same batches, wherever an earlier run has ended."""
        waiting: list[StoredFile] = []
        size = self.task.batch_size
        for start in range(job.done_to, job.last_seq, WINDOW):
            end = min(start + WINDOW, job.last_seq)
            waiting += self.catalog.files_between(start, end, self.task.choice)
            while len(waiting) >= size or (waiting and end == job.last_seq):
                some, waiting = waiting[:size], waiting[size:]
                self.expected.append([file.seq for file in some])
                yield {
                    "seq": [file.seq for file in some],
                    "sha256": [file.sha256 for file in some],
                    "path": [file.path for file in some],
                }

    def _record(self, job_id: int, after: int, answer: Batch) -> int:
        """Write what was found in a batch; return the number of its last image."""
        numbers = self.expected.popleft()
        if answer["seq"] != numbers:
            raise UserError("a batch came back as another one", ExitCode.UNBALANCED)
        self._watch(answer["fault"])
        step = Step(
            after=after,
            done_to=numbers[-1],
            found=dict(self._found(answer)),
            lost={
                seq: fault.partition(":")[0]
                for seq, fault in zip(numbers, answer["fault"], strict=True)
                if fault
            },
        )
        recorded = self.catalog.record_step(job_id, step, self.task.choice, self.task.policy)
        if recorded.tally.total() != len(numbers):
            raise UserError("images were lost on the way", ExitCode.UNBALANCED)
        self._name(recorded.lost, answer)
        self._delete(recorded.doomed)
        self.report.looked_at += len(numbers)
        self.report.model, self.report.way = answer["model"][0], answer["way"][0]
        self.progress.advance(len(numbers))
        return step.done_to

    def _found(self, answer: Batch) -> Iterator[tuple[int, Detection]]:
        names = ("seq", "probabilities", "features", "model", "fault")
        for seq, numbers, features, model, fault in zip(
            *(answer[name] for name in names), strict=True
        ):
            if not fault:
                chances = np.frombuffer(numbers, "<f4")
                table, rule = self.task.table, self.task.rule
                yield seq, detect(chances, table, rule, features=features, model=model)

    def _watch(self, faults: Sequence[str]) -> None:
        """Stop when nothing can be looked at any more, before more is called unreadable."""
        for fault in faults:
            self.lost_in_a_row = self.lost_in_a_row + 1 if fault else 0
            if self.lost_in_a_row >= LOST_IN_A_ROW:
                raise UserError(
                    f"{LOST_IN_A_ROW} images in a row could not be looked at ({fault}): mend that, "
                    "then give the same command again",
                    ExitCode.STORE_FAILED,
                )

    def _name(self, lost: Sequence[int], answer: Batch) -> None:
        why = dict(zip(answer["seq"], answer["fault"], strict=True))
        room = max(0, MOST_NAMED - len(self.report.named))
        self.report.named += [why[seq] for seq in lost[:room]]

    def _clean_up(self) -> None:
        """Finish what killed runs have left, and what crawls have added to dropped images."""
        if not self.task.policy.drop:
            return
        self.catalog.end_late_copies()
        while files := self.catalog.dropped_files():
            self._delete(files)

    def _delete(self, files: Sequence[StoredFile]) -> None:
        """Delete the files of dropped images; their decision is written by now."""
        if files:
            self.report.files_deleted += sum(self.delete(file.path) for file in files)
            self.catalog.forget_files([file.seq for file in files])
