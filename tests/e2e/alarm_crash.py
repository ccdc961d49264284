"""Kill -9 of a real Home Assistant at chosen moments of an alarm, and what went out in the end.

`python -m tests.e2e.alarm_crash [--random N] [--seed N]`
"""
# ruff: noqa: T201  # its output is for its user

import argparse
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
import sys
from tempfile import TemporaryDirectory
from typing import Self

import aiohttp

from tests.simulator.simulator import Simulator

from .home import Home, HomeError

ANNA, BORIS = "+79087964781", "+79161231212"
ALARM = "sensor.leak"
# A start, two steps, a look for a lost response, and a busy machine. Seconds.
PATIENCE = 240.0

type Moment = Callable[[], Awaitable[None]]


class AlarmCrashes:
    """A home with an alarm that is killed, and the service."""

    def __init__(self, seed: int = 1) -> None:
        """Choose the random moments by a seed."""
        self.random = Random(seed)
        self.sim = Simulator(auto=1)
        self._folder = TemporaryDirectory(prefix="alarm-crash-")
        self._number = 0
        self._answered = False

    async def __aenter__(self) -> Self:
        """Start both, and add the account, two people and an alarm as their owner would."""
        self.sim.account.duplicate_guard = True
        await self.sim.start()
        self.home = Home(Path(self._folder.name))
        try:
            await self.home.__aenter__()
            await self._set_up()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop both."""
        try:
            await self.home.__aexit__()
        finally:
            await self.sim.stop()
            self._folder.cleanup()

    async def survive(self, moment: Moment, down: float = 0) -> Counter[str]:
        """Bring about a moment, kill, start again, and return what went out to each number."""
        self._number += 1
        self._answered = False
        await moment()
        await self.home.kill()
        self.sim.faults.clear()
        await self.sim.up()
        await asyncio.sleep(down)
        await self.home.start()
        await self.home.until(self._is_over, "the alarm's end", timeout=PATIENCE)
        # What is published after it may need a moment more.
        await asyncio.sleep(3)
        return self._check()

    def _check(self) -> Counter[str]:
        """Check that nothing of this run went out twice, and nothing is missing for no reason."""
        orders = [order for order in self.sim.orders if self._message in order.text]
        sent = Counter(f"{order.kind.value} {order.phone}" for order in orders)
        twice = {key: times for key, times in sent.items() if times > 1}
        assert not twice, twice
        texts = [(order.phone, order.text) for order in self.sim.orders]
        assert len(set(texts)) == len(texts)
        return sent

    # The moments

    async def no_connection_yet(self) -> None:
        """Wait until the run is on the disk, and no request could leave."""
        await self.sim.down()
        await self._start()

    async def request_left(self) -> None:
        """Wait until the first step's request has left, and is not accepted yet."""
        fault = self.sim.fault("hang", when="before", command="send")
        await self._start()
        await fault.reached.wait()

    async def accepted(self) -> None:
        """Wait until it is accepted, and its answer is not there yet."""
        fault = self.sim.fault("hang", when="after", command="send")
        await self._start()
        await fault.reached.wait()

    async def answer_on_its_way(self) -> None:
        """Wait until the answer leaves the service, and nothing of it is written down."""
        count = len(self.sim.orders)
        starting = asyncio.create_task(self._start())
        await self.sim.changed.wait_for(lambda: len(self.sim.orders) > count)
        await self.home.kill()
        await asyncio.gather(starting, return_exceptions=True)

    async def started(self) -> None:
        """Wait until the action has returned."""
        await self._start()

    async def waiting(self) -> None:
        """Wait for the middle of the time between two steps."""
        await self._start()
        await asyncio.sleep(5)

    async def reading(self) -> None:
        """Wait until the list of answers is being read before the second step."""
        await self._start()
        await asyncio.sleep(6)
        fault = self.sim.fault("hang", command="inbound")
        await fault.reached.wait()

    async def second_step_accepted(self) -> None:
        """Wait until the second step is accepted, and its answer is not there yet."""
        await self._start()
        await asyncio.sleep(2)
        fault = self.sim.fault("hang", when="after", command="send")
        await fault.reached.wait()

    async def answer_being_read(self) -> None:
        """Wait until an answer was written, and the list that holds it has not come."""
        await self._start()
        await asyncio.sleep(2)
        fault = self.sim.fault("hang", when="after", command="inbound")
        await self._answer()
        await fault.reached.wait()

    async def acknowledged(self) -> None:
        """Wait until it was taken this very moment."""
        await self._start()
        await asyncio.sleep(2)
        await self._answer()
        await self.home.until_state(ALARM, "acknowledged")

    async def anything(self) -> None:
        """Wait for a random moment, with an answer or without."""
        starting = asyncio.create_task(self._start())
        await asyncio.sleep(self.random.uniform(0, 14))
        if self.random.random() < 1 / 3:
            await self._answer()
            await asyncio.sleep(self.random.uniform(0, 1))
        await asyncio.gather(starting, return_exceptions=True)

    @property
    def moments(self) -> list[Moment]:
        """Return the chosen moments."""
        return [
            self.no_connection_yet,
            self.request_left,
            self.accepted,
            self.answer_on_its_way,
            self.started,
            self.waiting,
            self.reading,
            self.second_step_accepted,
            self.answer_being_read,
            self.acknowledged,
        ]

    # How it is done

    @property
    def _message(self) -> str:
        return f"Вода {self._number}!"

    async def _start(self) -> None:
        data = {"alarm": ALARM, "message": self._message}
        try:
            await self.home.action("smspilot", "end_alarm", {"alarm": ALARM})
            await self.home.action("smspilot", "start_alarm", data)
        except aiohttp.ClientError, OSError, HomeError:
            # Killed meanwhile: what is on the disk is what there is.
            return

    async def _answer(self) -> None:
        self._answered = True
        await self.sim.receive(ANNA[1:], "Еду")

    async def _is_over(self) -> bool:
        state = await self.home.state(ALARM)
        over = ("acknowledged",) if self._answered else ("acknowledged", "unanswered")
        return bool(state and state["state"] in over)

    async def _set_up(self) -> None:
        home = self.home
        form = await home.start_flow("smspilot")
        answer = {"api_key": self.sim.account.apikey, "advanced": {"url": self.sim.url}}
        form = await home.answer_flow(form["flow_id"], answer)
        self.sim.account.inbound_url = form["description_placeholders"]["webhook_url"]
        added = await home.answer_flow(form["flow_id"], {"sender": "INFORM"})
        entry_id, flow_id = added["result"]["entry_id"], added["next_flow"][1]
        person = {"name": "Anna", "phones": [ANNA]}
        await home.answer_flow(flow_id, person, "subentries/flow")
        person = {"name": "Boris", "phones": [BORIS]}
        await home.flow([entry_id, "recipient"], person, kind="subentries/flow")
        plan = {
            "name": "Leak",
            "steps": [
                {"recipients": ["notify.anna"], "wait": {"seconds": 10}},
                {"recipients": ["notify.boris"], "channel": "voice", "wait": {"seconds": 10}},
            ],
            "rounds": 1,
            "afterwards": {"hold": {"hours": 1}},
        }
        await home.flow([entry_id, "alarm"], plan, kind="subentries/flow")
        await home.until_state(ALARM, "idle")
        entries = home.folder / ".storage" / "core.config_entries"

        async def saved() -> bool:
            return entries.exists() and '"rounds":1' in entries.read_text()

        await home.until(saved, "the alarm to be saved")


async def main() -> int:
    """Kill at each chosen moment, then at random ones, and report what went out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    async with AlarmCrashes(options.seed) as crashes:
        for moment in [*crashes.moments, *[crashes.anything] * options.random]:
            down = crashes.random.choice([0, 0, 15])
            sent = await crashes.survive(moment, down)
            print(f"{moment.__name__}, down {down} s: {dict(sent)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
