"""What an account remembers of inbound messages: all of it outlives a restart."""

from dataclasses import dataclass

from ..runtime.journal import Table, Tables
from .awaited_pushes import AwaitedPushes
from .push_monitor import PushMonitor
from .questions import Questions
from .window import Window


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of an account's messages, pushes and questions."""

    window: Window
    pushes: AwaitedPushes
    push_monitor: PushMonitor
    questions: Questions

    def restore(self, tables: Tables) -> None:
        """Take up what was known before the restart."""
        self.window.restore(tables)
        self.pushes.restore(tables.get("pushes", {}))
        self.push_monitor.restore(tables.get("proof", {}))
        self.questions.restore(tables.get("questions", {}))

    def tables(self) -> dict[str, Table]:
        """Return what is known, as it is stored."""
        return {
            **self.window.tables(),
            "pushes": self.pushes.table(),
            "proof": self.push_monitor.table(),
            "questions": self.questions.table(),
        }
