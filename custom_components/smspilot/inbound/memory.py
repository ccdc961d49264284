"""The stored state of inbound messages: what the journal restores after a restart."""

from dataclasses import dataclass

from ..runtime.journal import Table, Tables
from .awaited_pushes import AwaitedPushes
from .publications import Publications
from .push_monitor import PushMonitor
from .questions import Questions
from .window import Window


@dataclass(frozen=True, slots=True)
class Memory:
    """The stored state of an account's inbound messages, pushes and questions."""

    window: Window
    publications: Publications
    pushes: AwaitedPushes
    push_monitor: PushMonitor
    questions: Questions

    def restore(self, tables: Tables) -> None:
        """Load the journal's tables."""
        self.window.restore(tables)
        self.pushes.restore(tables.get("pushes", {}))
        self.push_monitor.restore(tables.get("push_monitor", {}))
        self.questions.restore(tables.get("questions", {}))
        self.publications.restore(tables.get("publishing", {}))

    def begin(self) -> None:
        """Note when the account is first set up, and find out what a kill has left."""
        self.window.begin()
        self.publications.recover()

    def tables(self) -> dict[str, Table]:
        """Return the tables as the journal stores them."""
        return {
            **self.window.tables(),
            "publishing": self.publications.table(),
            "pushes": self.pushes.table(),
            "proof": self.push_monitor.table(),
            "questions": self.questions.table(),
        }
