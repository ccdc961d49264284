"""Many calls share one read, at most one a second, until the poller is closed."""

import asyncio
from collections.abc import Iterator
import logging

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.runtime.poller import Poller

from .common import Clock


class Reader:
    """What the bell wakes: it counts, and takes as long as a test wants."""

    def __init__(self) -> None:
        self.reads = 0
        self.ended = 0
        self.under_way = 0
        self.most_at_once = 0
        self.go = asyncio.Event()
        self.go.set()
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.reads += 1
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await self.go.wait()
            if self.error:
                raise self.error
            self.ended += 1
        finally:
            self.under_way -= 1


@pytest.fixture
async def reader() -> Reader:
    return Reader()


@pytest.fixture
def poller(hass: HomeAssistant, reader: Reader) -> Iterator[Poller]:
    poller = Poller(hass, "test bell", reader)
    yield poller
    poller.close()


async def test_not_before_it_is_open(clock: Clock, poller: Poller, reader: Reader) -> None:
    """What rang before is answered then; where nothing rang nothing is read."""
    poller.wake()
    poller.wake_in(5)
    await clock.advance(10)
    assert reader.reads == 0
    poller.resume()
    await clock.settle()
    assert reader.reads == 1
    await clock.advance(10)
    assert reader.reads == 1


async def test_open_and_silent(clock: Clock, poller: Poller, reader: Reader) -> None:
    poller.resume()
    await clock.advance(10)
    assert reader.reads == 0


async def test_at_once(clock: Clock, poller: Poller, reader: Reader) -> None:
    poller.resume()
    poller.wake()
    assert reader.reads == 1


async def test_rings_share_a_read(clock: Clock, poller: Poller, reader: Reader) -> None:
    """A hundred rings: one read at once, and one for all that rang meanwhile."""
    poller.resume()
    for _ in range(100):
        poller.wake()
        await clock.settle()
    assert reader.reads == 1
    await clock.advance(1.1)
    assert reader.reads == 2
    await clock.advance(60)
    assert reader.reads == 2


async def test_once_a_second(
    hass: HomeAssistant, clock: Clock, poller: Poller, reader: Reader
) -> None:
    """However often it rings."""
    poller.resume()
    start = hass.loop.time()
    for _ in range(60):
        poller.wake()
        await clock.advance(0.25)
    passed = hass.loop.time() - start
    assert passed / 2 < reader.reads <= passed + 1


async def test_never_two_at_a_time(clock: Clock, poller: Poller, reader: Reader) -> None:
    """A slow read is not overtaken; a call meanwhile starts a read a second after its end."""
    reader.go.clear()
    poller.resume()
    poller.wake()
    await clock.advance(30)
    poller.wake()
    poller.resume()
    await clock.advance(30)
    assert reader.reads == 1
    reader.go.set()
    await clock.settle()
    assert reader.reads == 1
    await clock.advance(1.1)
    assert reader.reads == 2
    assert reader.most_at_once == 1


async def test_ring_within_a_read(hass: HomeAssistant, clock: Clock) -> None:
    """A read may ask for another one, even before it waits for anything."""
    reads = []

    async def read() -> None:
        reads.append(1)
        if len(reads) < 3:
            eager.wake()

    eager = Poller(hass, "test bell", read)
    eager.resume()
    eager.wake()
    for expected in (1, 2, 3, 3):
        assert len(reads) == expected
        await clock.advance(1.1)


async def test_error_ends_no_polling(
    clock: Clock, poller: Poller, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    poller.resume()
    reader.error = RuntimeError("a mistake of ours")
    poller.wake()
    await clock.advance(1.1)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.name == "custom_components.smspilot"
    assert record.exc_info
    caplog.clear()
    reader.error = None
    poller.wake()
    await clock.settle()
    assert reader.ended == 1


async def test_later(clock: Clock, poller: Poller, reader: Reader) -> None:
    """An alarm rings at its time, once, unless it is called off."""
    poller.resume()
    poller.wake_in(30)
    cancel = poller.wake_in(40)
    await clock.advance(29)
    assert reader.reads == 0
    await clock.advance(2)
    assert reader.reads == 1
    cancel()
    cancel()
    await clock.advance(60)
    assert reader.reads == 1


async def test_called_off_too_late(clock: Clock, poller: Poller, reader: Reader) -> None:
    poller.resume()
    cancel = poller.wake_in(5)
    await clock.advance(6)
    cancel()
    assert reader.reads == 1


async def test_something_else_later(clock: Clock, poller: Poller) -> None:
    done = []
    poller.call_in(5, lambda _now: done.append("it"))
    await clock.advance(6)
    assert done == ["it"]


async def test_close(clock: Clock, poller: Poller, reader: Reader) -> None:
    """The read under way ends, every alarm is off, and nothing rings any more."""
    done = []
    reader.go.clear()
    poller.resume()
    poller.wake()
    poller.wake()
    poller.wake_in(5)
    poller.call_in(5, lambda _now: done.append("it"))
    await clock.settle()
    poller.close()
    await clock.settle()
    assert (reader.under_way, reader.ended) == (0, 0)
    reader.go.set()
    poller.wake()
    poller.wake_in(1)()
    poller.wake_in(1)
    poller.call_in(1, lambda _now: done.append("late"))
    poller.resume()
    poller.wake()
    await clock.advance(60)
    assert reader.reads == 1
    assert done == []


async def test_close_while_it_rests(clock: Clock, poller: Poller, reader: Reader) -> None:
    """Nothing of it is left in the loop, not even its second of rest."""
    poller.resume()
    poller.wake()
    await clock.settle()
    poller.wake()
    poller.close()
    await clock.advance(60)
    assert reader.reads == 1


async def test_close_before_it_opens(clock: Clock, poller: Poller, reader: Reader) -> None:
    poller.wake()
    poller.close()
    poller.resume()
    await clock.advance(5)
    assert reader.reads == 0
