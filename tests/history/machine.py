"""The machine: everything that people, the service, the network and the power can do."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from .alarms import Alarms
from .base import Base
from .dimensions import DIMENSIONS, Picture
from .outgoing import Outgoing
from .service import Service
from .trouble import Trouble
from .world import PAPA

LIKELIEST: Picture = {}


class History(Outgoing, Service, Trouble, Alarms, Base):
    """A random history, and the comparison of the ledgers at its end."""

    def begin_in(self, picture: Picture, *, proven: bool) -> None:
        """Live in a world; perhaps with a push that has come."""
        self.live_in(picture)
        if proven:
            self.run(self.write(PAPA, prefixed=True), None)
            self.run(self.world.clock.advance(1), None)


def pictures() -> st.SearchStrategy[Picture]:
    """Return what draws a world: the likeliest, but for some switches."""
    names = st.lists(st.sampled_from(sorted(DIMENSIONS)), unique=True)
    return names.flatmap(
        lambda chosen: st.fixed_dictionaries(
            {name: st.integers(1, len(DIMENSIONS[name]) - 1) for name in sorted(chosen)}
        )
    )


def histories_in(worlds: st.SearchStrategy[Picture]) -> type[History]:
    """Return a machine whose histories live in these worlds."""

    class InWorlds(History):
        """The machine, with worlds of its own."""

        @initialize(picture=worlds, proven=st.booleans())
        def choose_world(self, picture: Picture, proven: bool) -> None:
            """Choose what the document leaves open."""
            self.begin_in(picture, proven=proven)

    return InWorlds
