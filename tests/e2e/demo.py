"""The main job, as a person would do it, with a transcript: `python -m tests.e2e.demo`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
import signal
import sys
from time import monotonic
from typing import Any

from .home import Home, Json
from .log_check import complaints
from .service import Service
from .websocket import Subscription

ANNA = "+79087964781"
ALERT = "Вода под раковиной! 21.5 °C, датчик 2."
QUESTION = "Перекрыть воду? Ответьте ДА или НЕТ"
ANSWER = "Да."
YAML = (Path(__file__).parent / "demo.yaml").read_text()
ALARM = "sensor.potop"
# What the answer sets in motion: the switch, and the way its automation learned of it.
WAYS = {
    "input_boolean.valve_closed": "by the bus event",
    "input_boolean.seen_by_entity": "by the event entity",
    "input_boolean.seen_by_trigger": "by the trigger of the automation editor",
}


class Transcript:
    """Numbered steps, with the seconds since the start."""

    def __init__(self) -> None:
        """Start the clock."""
        self._begin, self._number = monotonic(), 0

    def step(self, text: str) -> None:
        """Print what is done now."""
        self._number += 1
        print(f"\n[{monotonic() - self._begin:5.1f} s] {self._number}. {text}", flush=True)

    def note(self, text: str) -> None:
        """Print its result."""
        print(f"            {text}", flush=True)


def expect(truth: object, otherwise: str) -> None:
    """End the demo with the reason."""
    if not truth:
        raise AssertionError(otherwise)


class Demo:
    """One run."""

    def __init__(self, service: Service, home: Home, transcript: Transcript) -> None:
        """Take the parts."""
        self.service, self.home = service, home
        self.step, self.note = transcript.step, transcript.note

    async def run(self) -> None:
        """Do the main job."""
        result = await self.add_account()
        await self.add_recipient(result)
        async with self.home.websocket() as websocket:
            statuses = await websocket.subscribe_events("smspilot_message_status")
            replies = await websocket.subscribe_events("smspilot_reply_received")
            await self.alarm(statuses)
            await self.answer(replies)
        await self.bill()
        await self.alarm_that_survives(result["result"]["entry_id"])

    async def add_account(self) -> Json:
        """Go through the config flow, then paste the inbound address at the service."""
        self.step("The account: Settings, Add integration, SMSPILOT")
        form = await self.home.start_flow("smspilot")
        answer = {"api_key": self.service.key, "advanced": {"url": self.service.url}}
        form = await self.home.answer_flow(form["flow_id"], answer)
        expect(form.get("step_id") == "sender", f"the key was not taken: {form}")
        self.note("key accepted; the form shows the address for inbound messages")
        placeholders = form.get("description_placeholders") or {}
        address = placeholders.get("webhook_url")
        expect(address, f"no inbound address among {placeholders}")
        await self.service.control("account", inbound_url=address)
        result = await self.home.answer_flow(form["flow_id"], {"sender": "INFORM"})
        expect(result["type"] == "create_entry", f"no entry was made: {result}")
        self.note(f"added: {result['title']}")
        return result

    async def add_recipient(self, result: Json) -> None:
        """Fill in the recipient's form, which has opened by itself."""
        self.step("The recipient: the form that opens next")
        _, flow_id = result.get("next_flow") or (None, None)
        expect(flow_id, f"no form of a first recipient was opened: {result}")
        person = {"name": "Anna", "phones": ["8 (908) 796-47-81"]}
        added = await self.home.answer_flow(str(flow_id), person, "subentries/flow")
        expect(added["type"] == "create_entry", f"no recipient was made: {added}")
        for entity_id in ("notify.anna", "event.anna_inbound", "sensor.smspilot_5671_balance"):
            await self.home.until_state(entity_id)
        self.note(f"added: {added['title']}, typed as {person['phones'][0]}; notify.anna is there")

    async def alarm(self, statuses: Subscription) -> None:
        """Let water leak; the first automation texts Anna twice."""
        self.step("Water leaks: input_boolean.leak turns on, an automation texts Anna")
        await self.balance()
        await self.home.action("input_boolean", "turn_on", {"entity_id": "input_boolean.leak"})
        for _ in range(2):
            event = (await statuses.take(lambda event: event["data"]["final"], timeout=30))["data"]
            expect(event["status"] == "delivered", f"not delivered: {event}")
            expect((event["phone"], event["recipient"]) == (ANNA, "Anna"), f"not to Anna: {event}")
            self.note(
                f"smspilot_message_status: {event['kind']} {event['message_id']} to"
                f" {event['recipient']} {event['status']}, {event['price']} RUB,"
                f" {self.seconds(event['sent_at'], event['changed_at'])}"
            )
        texts = [message["text"] for message in (await self.service.state())["messages"]]
        expect(sorted(texts) == sorted([ALERT, QUESTION]), f"the phone shows {texts}")
        self.step("Anna's phone shows")
        for text in texts:
            self.note(f"« {text} »")

    async def answer(self, replies: Subscription) -> None:
        """Let Anna answer; the other automations act."""
        self.step(f"Anna answers « {ANSWER} »")
        begin = monotonic()
        await self.service.control("receive", phone=ANNA.removeprefix("+"), text=ANSWER)
        event = (await replies.take(timeout=30))["data"]
        expect(event["message"] == ANSWER, f"another text: {event}")
        expect((event["recipient"], event["verified"]) == ("Anna", True), f"not hers: {event}")
        question = (event["reply_to"] or {}).get("message")
        expect(question == QUESTION, f"matched to another question: {event}")
        self.note(
            f"smspilot_reply_received: from {event['recipient']} « {event['message']} »,"
            f" {monotonic() - begin:.1f} s later, confirmed by the service"
        )
        self.note(f"reply to « {question} »")
        self.step("The answer acts")
        for switch, way in WAYS.items():
            await self.home.until_state(switch, "on")
            self.note(f"{switch} is on, {way}")

    async def bill(self) -> None:
        """Print what it cost."""
        self.step("The bill")
        await self.balance()
        orders = (await self.service.state())["orders"]
        expect(len(orders) == 2, f"{len(orders)} paid requests instead of 2")

    async def alarm_that_survives(self, entry_id: str) -> None:
        """Kill Home Assistant in the midst of an alarm; it goes on, and is taken by an answer."""
        self.step("An alarm: the form of the account's page, no automation")
        form: dict[str, Any] = {
            "name": "Потоп",
            "start": {"sources": ["input_boolean.flood"]},
            "steps": [
                {"recipients": ["notify.anna"], "wait": {"seconds": 10}},
                {"recipients": ["notify.anna"], "channel": "voice", "wait": {"minutes": 5}},
            ],
        }
        added = await self.home.flow([entry_id, "alarm"], form, kind="subentries/flow")
        expect(added["type"] == "create_entry", f"no alarm was made: {added}")
        await self.home.until_state(ALARM, "idle")
        # Home Assistant saves what its forms made a second late.
        await self.home.until(self.has_alarm_saved, "the alarm to be saved")
        self.note("Anna is texted, and called ten seconds later if she does not answer")
        before = len((await self.service.state())["orders"])
        await self.home.action("input_boolean", "turn_on", {"entity_id": "input_boolean.flood"})
        await self.home.until_state(ALARM, "running")
        await self.home.until(lambda: self.has_sent(before + 1), "the first text")
        self.step("kill -9, and ten seconds without a home")
        await self.home.kill()
        await asyncio.sleep(10)
        await self.home.start()
        await self.home.until_state(ALARM, "running", timeout=30)
        await self.home.until(lambda: self.has_sent(before + 2), "the call", timeout=30)
        for order in (await self.service.state())["orders"][before:]:
            self.note(f"{order['kind']} to Anna « {order['text']} »")
        self.step("Anna answers « Еду »")
        await self.service.control("receive", phone=ANNA.removeprefix("+"), text="Еду")
        await self.home.until_state(ALARM, "acknowledged", timeout=30)
        orders = (await self.service.state())["orders"][before:]
        kinds = [order["kind"] for order in orders]
        expect(kinds == ["two_way", "voice"], f"each step once, but there were {kinds}")
        self.note("taken; each step went out once")

    async def has_alarm_saved(self) -> bool:
        """Return whether a kill would leave the alarm there."""
        entries = self.home.folder / ".storage" / "core.config_entries"
        return entries.exists() and "Потоп" in entries.read_text()

    async def has_sent(self, count: int) -> bool:
        """Return whether so many messages went out."""
        return len((await self.service.state())["orders"]) >= count

    async def balance(self) -> None:
        """Print balance and spending as the sensors show them."""
        for what in ("balance", "spent_today"):
            state = await self.home.until_known(f"sensor.smspilot_5671_{what}")
            self.note(f"{what.replace('_', ' ')}: {state} RUB")

    @staticmethod
    def seconds(sent_at: str | None, changed_at: str | None) -> str:
        """Return how long a message was on its way, in whole seconds as the service counts."""
        if not sent_at or not changed_at:
            return "time unknown"
        moments = [datetime.fromisoformat(each).astimezone(UTC) for each in (sent_at, changed_at)]
        return f"{(moments[1] - moments[0]).total_seconds():.0f} s on its way"


async def check(service: Service, home: Home) -> None:
    """Look for what must not be in the log, and for what the service did not understand."""
    # A number without its country code, so that no other way to write it slips through.
    secrets = [service.key, ANNA.removeprefix("+7"), ALERT, QUESTION]
    found = complaints(home.log(), secrets)
    expect(not found, "the log complains or shows a secret:\n" + "\n".join(found))
    unknown: list[Any] = (await service.state())["unknown"]
    expect(not unknown, f"the service did not understand: {unknown}")


async def main() -> int:
    """Run it and return the exit status."""
    if this := asyncio.current_task():  # cancelled, it takes both processes along
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    transcript = Transcript()
    transcript.step("A simulated service and a real Home Assistant start")
    try:
        async with Service() as service, Home(yaml=YAML) as home:
            version = (await home.rest("GET", "/api/config"))["version"]
            transcript.note(f"Home Assistant {version} at {home.url}, service at {service.url}")
            demo = Demo(service, home, transcript)
            try:
                await demo.run()
                transcript.step("Home Assistant stops; its log is read")
                await home.stop()
                await check(service, home)
            except Exception:
                print(f"\n--- the end of the log\n{home.tail()}\n---", file=sys.stderr)
                raise
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the reason
        print(f"\nFAILED: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    transcript.note("nothing to complain of")
    print("\nDone: texted, delivered, answered, acted; an alarm survived a kill -9.")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
