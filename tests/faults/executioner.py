"""Kills a worker when a request of its reaches a stage."""

from __future__ import annotations

from tests.faults.processes import Worker, Workers
from tests.faults.service import Stage


class Executioner:
    """Kills workers at stages of requests; which of several it takes, a request does not say."""

    def __init__(self, crew: Workers) -> None:
        self._crew = crew
        self._doomed: list[tuple[Worker, Stage]] = []

    def doom(self, worker: Worker, stage: Stage) -> None:
        """It is killed when a request reaches the stage."""
        self._doomed.append((worker, stage))

    def spare(self, worker: Worker) -> None:
        """It is not, any more."""
        self._doomed = [one for one in self._doomed if one[0] is not worker]

    async def reached(self, stage: Stage) -> None:
        """A request has."""
        for worker, doom in self._doomed:
            if doom == stage:
                self.spare(worker)
                await self._crew.kill(worker)
                return
