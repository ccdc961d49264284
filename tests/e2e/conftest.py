"""Fixtures of the tests of whole homes."""

from collections.abc import Iterator

import pytest

from .forked import Parents
from .home import Home


@pytest.fixture(autouse=True, scope="session")
def _forked_homes() -> Iterator[None]:
    """Fork homes, which saves most of a start; the demo starts them as their owners do."""
    with Parents() as parents, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Home, "launch", staticmethod(parents.launch))
        yield
