"""Kill -9 at chosen moments of a real Home Assistant, and compare the ledgers after each start."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
import json
from pathlib import Path
from random import Random
import signal
from tempfile import TemporaryDirectory
from typing import Any, Self
from zoneinfo import ZoneInfo

import aiohttp

from tests.history.ledgers import Books, Fate, Ordered, Published
from tests.simulator.model import FINAL
from tests.simulator.simulator import Simulator

from .home import Home, HomeError, RequestError
from .log_check import records

ANNA, BORIS = "+79087964781", "+79161231212"
WITNESS = Path(__file__).parent / "witness"
# A start, a look for lost answers, and a busy machine.
PATIENCE = 60.0


class Crashes:
    """A home that is killed, the service, and what both say."""

    def __init__(self, seed: int = 1) -> None:
        """Choose the random moments by a seed."""
        self.random = Random(seed)
        self.sim = Simulator()
        self.books = Books()
        self.lives = 1
        self.kills = 0
        self._folder = TemporaryDirectory(prefix="crash-")
        self._calls: set[asyncio.Task[None]] = set()
        self._number = 0
        self._in_doubt = 0
        self._read = 0

    async def __aenter__(self) -> Self:
        """Start both, and add the account as its owner would."""
        await self.sim.start()
        self.books.open(self.sim)
        folder = Path(self._folder.name)
        (folder / "custom_components").mkdir()
        (folder / "custom_components" / "witness").symlink_to(WITNESS)
        self.home = Home(folder, "witness:\n")
        try:
            await self.home.__aenter__()
            await self._add_account()
        except BaseException:
            await self.__aexit__()
            raise
        self._day = _today()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop both."""
        for task in self._calls:
            task.cancel()
        try:
            await self.home.__aexit__()
        finally:
            await self.sim.stop()
            self._folder.cleanup()

    async def survive(self, moment: Callable[[], Awaitable[None]]) -> None:
        """Bring about a moment, kill, start again, and compare."""
        await moment()
        await self.home.kill()
        self.kills += 1
        cut = list(self._calls)
        await asyncio.gather(*cut, return_exceptions=True)
        self.sim.faults.clear()
        await self.sim.up()
        self._read_events()
        self.books.crashed()
        await self.home.start()
        async with self.home.websocket() as websocket:
            found = await websocket.command("repairs/list_issues")
        # A kill among the events leaves one message in doubt, and that is said.
        keys = [issue["translation_key"] for issue in found["issues"]]
        self._in_doubt += "inbound_in_doubt" in keys
        await self.agree()

    async def agree(self) -> None:
        """Have everything delivered, and wait until the ledgers say the same."""
        problems, size = ["nothing was compared"], -1
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                # Events are written to their file a moment later.
                while problems or self._journal_size() != size:
                    size = self._journal_size()
                    for message in list(self.sim.messages.values()):
                        if message.status not in FINAL:
                            await self.sim.deliver(message.server_id)
                    await asyncio.sleep(0.2)
                    problems = await self._problems()
        assert not problems, "\n".join([*problems, self.home.tail()])
        self.books.settled()
        log = self.home.log()
        leaks = [each for each in records(log) if self.sim.account.apikey in each]
        assert not leaks, leaks
        # The caller of a request that a kill cut short got no answer, and that is all.
        blunders = [each for each in records(log) if "smspilot" in each and "Traceback" in each]
        assert not blunders, blunders

    # The moments

    async def no_connection_yet(self) -> None:
        """Wait until the order is written down, and no request could leave."""
        await self.sim.down()
        before = self._journal_size()
        self.order()
        await self._until(lambda: self._journal_size() > before)

    async def request_left(self) -> None:
        """Wait until the request has left, and is not accepted yet."""
        fault = self.sim.fault("hang", when="before", command="send")
        self.order()
        await fault.reached.wait()

    async def accepted(self) -> None:
        """Wait until the service has accepted, and its answer is not there yet."""
        fault = self.sim.fault("hang", when="after", command="send")
        self.order()
        await fault.reached.wait()

    async def answer_on_its_way(self) -> None:
        """Wait until the answer leaves the service, and nothing of it is written down."""
        count = len(self.sim.orders)
        self.order()
        await self.sim.changed.wait_for(lambda: len(self.sim.orders) > count)

    async def response_given(self) -> None:
        """Wait until the caller has the response."""
        await self.order()

    async def list_being_read(self) -> None:
        """Wait until the answer was lost, and the list of recent messages is being read."""
        self.sim.fault("reset", when="after", command="send")
        fault = self.sim.fault("hang", when="after", command="check")
        self.order()
        await fault.reached.wait()

    async def statuses_being_read(self) -> None:
        """Wait until a push has come, and the answer of the read that it woke has not."""
        await self.order()
        fault = self.sim.fault("hang", when="after", command="check")
        await self.sim.deliver(self.sim.orders[-1].server_id)
        await fault.reached.wait()

    async def status_published(self) -> None:
        """Wait until the last status is just being published."""
        await self.order()
        before = self._witnessed()
        await self.sim.deliver(self.sim.orders[-1].server_id)
        await self._until(lambda: self._witnessed() > before)

    async def inbox_being_read(self) -> None:
        """Wait until a message has come, and the list that holds it has not."""
        fault = self.sim.fault("hang", when="after", command="inbound")
        await self._receive(3)
        await fault.reached.wait()

    async def message_published(self) -> None:
        """Wait until the first of several messages is just being published."""
        before = self._witnessed()
        await self._receive(20)
        await self._until(lambda: self._witnessed() > before)

    async def folding(self) -> None:
        """Wait until the journal is being folded into the snapshot."""
        phones = [f"+7911{number:07}" for number in range(450)]
        snapshot = self._journal()
        before = self._stamp(snapshot)
        for _ in range(4):
            task = self.order(*phones)
            while not task.done():
                if self._stamp(snapshot) != before:
                    return
                await asyncio.sleep(0)
        raise AssertionError("the journal was not folded")

    async def stopping(self) -> None:
        """Have Home Assistant stop, and leave it no time to."""
        await self.order()
        await self._receive(2, push=False)
        process = self.home._process
        assert process
        process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                while "Stopping" not in self.home.tail() and process.returncode is None:
                    await asyncio.sleep(0.01)
        await asyncio.sleep(self.random.uniform(0, 0.5))

    async def starting(self) -> None:
        """Wait until Home Assistant has read the journal, and automations do not listen yet."""
        self.sim.fault("hang", when="after", command="send")
        self.order()
        await self.sim.changed.wait_for(lambda: self.sim.messages[self._last].phone == ANNA[1:])
        await self.home.kill()
        self.sim.faults.clear()
        await self._receive(2)
        account = self.sim.fault("hang", command="account")
        start = asyncio.create_task(self.home.start())
        await account.reached.wait()
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)

    async def anything(self) -> None:
        """Have much happen at once."""
        for _ in range(self.random.randint(1, 4)):
            self.order(*self.random.sample([ANNA, BORIS], self.random.randint(1, 2)))
        for order in self.random.sample(self.sim.orders, min(2, len(self.sim.orders))):
            if self.sim.messages[order.server_id].status not in FINAL:
                self.sim.task(self.sim.deliver(order.server_id))
        self.sim.task(self._receive(self.random.randint(0, 3)))
        if self.random.random() < 1 / 2:
            kind = self.random.choice(["reset", "html", "truncated", "empty"])
            when = self.random.choice(["before", "after"])
            self.sim.fault(kind, when=when, command="send")
        await asyncio.sleep(self.random.expovariate(4))

    @property
    def moments(self) -> list[Callable[[], Awaitable[None]]]:
        """Return the chosen moments; CI has no time for the last, which take the longest."""
        return [
            self.accepted,
            self.message_published,
            self.answer_on_its_way,
            self.inbox_being_read,
            self.list_being_read,
            self.status_published,
            self.request_left,
            self.response_given,
            self.statuses_being_read,
            self.no_connection_yet,
            self.folding,
            self.starting,
            self.stopping,
        ]

    # How it is done

    def order(self, *phones: str) -> asyncio.Task[None]:
        """Send a text beside."""
        self._number += 1
        text = f"Алло {self._number}!"
        numbers = list(phones or (ANNA,))
        ordered = {each: self.books.order(each, str(self._number), 0) for each in numbers}
        data = {"phones": numbers, "message": text, "two_way": self._number % 2 == 0}
        task = asyncio.create_task(self._send(data, ordered))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    async def _send(self, data: dict[str, Any], ordered: dict[str, Ordered]) -> None:
        try:
            response = await self.home.action("smspilot", "send_sms", data, return_response=True)
        except aiohttp.ClientError, OSError, RequestError:
            # Killed, or refused with an error that says why: the simulator shows what it was worth.
            return
        for row in response["messages"]:
            if row["message_id"]:
                ordered[row["phone"]].fate = Fate.TAKEN
                ordered[row["phone"]].message_id = row["message_id"]

    async def _receive(self, count: int, *, push: bool = True) -> None:
        for _ in range(count):
            self._number += 1
            await self.sim.receive(ANNA[1:], f"5671 Алло {self._number}!", push=push)

    async def _add_account(self) -> None:
        home = self.home
        form = await home.start_flow("smspilot")
        answer = {"api_key": self.sim.account.apikey, "advanced": {"url": self.sim.url}}
        form = await home.answer_flow(form["flow_id"], answer)
        self.sim.account.inbound_url = form["description_placeholders"]["webhook_url"]
        result = await home.answer_flow(form["flow_id"], {"sender": "INFORM"})
        entry_id = result["result"]["entry_id"]
        options = {"rate_limit": 0, "daily_limit": 0}
        form = await home.start_flow(entry_id, "options/flow")
        await home.fill_in(form, options, "options/flow")
        self._entry_id = entry_id
        await home.until_state("sensor.smspilot_5671_spent_today")
        entries = home.folder / ".storage" / "core.config_entries"
        # Home Assistant saves its entries a second late, and that is not what is tested here.
        await self._until(lambda: entries.exists() and '"rate_limit":0' in entries.read_text())

    async def _problems(self) -> list[str]:
        self._read_events()
        problems = self.books.compare([])
        lost = [each for each in problems if each.startswith("LOST: Inbound")]
        if len(lost) <= self._in_doubt:
            problems = [each for each in problems if each not in lost]
        for name, value in (("pending_messages", 0), ("spent_today", float(self.books.spent))):
            if name == "spent_today" and _today() != self._day:
                continue
            with suppress(HomeError):
                state = await self.home.state(f"sensor.smspilot_5671_{name}")
                shown = state["state"] if state else "unknown"
                if shown in ("unavailable", "unknown") or abs(float(shown) - value) > 0.001:
                    problems.append(f"MONEY: {name} is {shown} instead of {value}")
        return problems

    def _read_events(self) -> None:
        """Record the events since the last time."""
        lines = self._events_file.read_bytes().splitlines() if self._events_file.exists() else []
        for line in lines[self._read :]:
            kind, data = json.loads(line)
            self.books.record(Published(kind, data))
        self._read = len(lines)

    def _witnessed(self) -> int:
        return self._events_file.stat().st_size if self._events_file.exists() else 0

    @property
    def _events_file(self) -> Path:
        return self.home.folder / "events.jsonl"

    @property
    def _last(self) -> int:
        return max(self.sim.messages)

    def _journal(self) -> Path:
        return self.home.folder / ".storage" / f"smspilot.{self._entry_id}"

    def _journal_size(self) -> int:
        files = self._journal().parent.glob(f"{self._journal().name}.journal*")
        return sum(file.stat().st_size for file in files)

    @staticmethod
    def _stamp(path: Path) -> int:
        with suppress(FileNotFoundError):
            return path.stat().st_mtime_ns
        return 0

    @staticmethod
    async def _until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.001)


def _today() -> object:
    return datetime.now(ZoneInfo("Europe/Moscow")).date()
