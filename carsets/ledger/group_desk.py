"""Answers questions together that are asked one by one: each alone would cost a transaction."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class GroupDesk(ABC, Generic[Question, Answer]):
    """Gather questions for a moment, and hand them on as a group, one group at a time, in order."""

    gather: ClassVar[float]  # seconds that the first question of a group waits for others
    most: ClassVar[int]  # questions in a group

    def __init__(self) -> None:
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._work: asyncio.Task[None] | None = None

    @abstractmethod
    async def answer(self, group: Sequence[Question]) -> Sequence[Answer | Exception]:
        """Return an answer to each question, or what to raise. What this raises, all raise."""

    async def ask(self, question: Question) -> Answer:
        """Return the answer to one question."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._work is None:
            self._work = asyncio.ensure_future(self._serve())
        return await answer

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self.gather)
                group, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
                await self._serve_group(group)
        finally:
            self._work = None

    async def _serve_group(self, group: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        found: Sequence[Answer | Exception]
        try:
            found = await self.answer([question for question, _ in group])
        except Exception as error:
            found = [error] * len(group)
        for (_, answer), result in zip(group, found, strict=True):
            if answer.done():  # whoever asked was cancelled
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
