"""The stored state of inbound messages: what the journal restores after a restart."""

from dataclasses import dataclass

from ..runtime.journal import Table, Tables
from . import awaited_pushes, publications, push_monitor, questions
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
        self.pushes.restore(tables.get(awaited_pushes.TABLE, {}))
        self.push_monitor.restore(tables.get(push_monitor.TABLE, {}))
        self.questions.restore(tables.get(questions.TABLE, {}))
        self.publications.restore(tables.get(publications.TABLE, {}))

    def begin(self) -> None:
        """Note when the account is first set up, and find out what a kill has left."""
        self.window.begin()
        self.publications.recover()

    def tables(self) -> dict[str, Table]:
        """Return the tables as the journal stores them."""
        return {
            **self.window.tables(),
            publications.TABLE: self.publications.table(),
            awaited_pushes.TABLE: self.pushes.table(),
            push_monitor.TABLE: self.push_monitor.table(),
            questions.TABLE: self.questions.table(),
        }
