"""Strangers who come to other rooms and go again while a scenario plays."""

import threading
from collections.abc import Sequence
from functools import partial
from types import TracebackType

from roomproof.stage.background import Background
from roomproof.stage.room import Room


class Strangers(Background):
    """A context in which somebody enters and leaves each of these rooms all the time.

    Nobody judges what they receive. Leaving the context raises the first error that one of them met, such as
    RuleBrokenError for a refusal or an unanswered Close frame.
    """

    def __init__(self, rooms: Sequence[Room]) -> None:
        self._errors: list[Exception] = []
        super().__init__(partial(self._come_and_go, room.unjudged()) for room in rooms)

    def _come_and_go(self, room: Room, over: threading.Event) -> None:
        try:
            while not over.is_set():
                room.enter("stranger").leave()
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread of the scenario
            self._errors.append(error)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        if error is None and self._errors:
            raise self._errors[0]
