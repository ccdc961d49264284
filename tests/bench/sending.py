"""The way out: beside a bare POST and beside what a person would use instead."""

import asyncio
import gc
from time import process_time
from typing import Final

from custom_components.smspilot.client.api import SEND_FIELDS
from custom_components.smspilot.runtime_data import SmspilotConfigEntry

from .clock import Work, interleaved
from .home import MAIN, PEOPLE, Bench
from .table import Table
from .waiting import empty

SERVICE_TIME: Final = 0.03
AT_ONCE: Final = 50
IN_A_ROW: Final = 40
LIST: Final = 1000


async def measure(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    """Measure the way out."""
    await _slow(bench, entry, table)
    await _fast(bench, entry, table)
    await _processor(bench, table)
    await _many(bench, entry, table)
    await _list(bench, entry, table)


async def _slow(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    await bench.delay(SERVICE_TIME)
    found = await interleaved(
        30,
        {"bare": _bare(bench, entry), "ours": lambda: bench.send(bench.text(), [bench.number()])},
    )
    await bench.delay(0)
    table.ratio("send_sms, answered in 30 ms", found["ours"], found["bare"], "bare POST", goal=1.15)


async def _fast(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    services = bench.hass.services
    rest_command = _rest_command(bench)

    async def notify_rest() -> None:
        data = {"message": bench.text(), "target": bench.number().removeprefix("+")}
        await services.async_call("notify", "bench", data, blocking=True)

    async def notify_entity() -> None:
        data = {"entity_id": f"notify.{PEOPLE[0].lower()}_{MAIN}", "message": bench.text()}
        await services.async_call("notify", "send_message", data, blocking=True)

    async def notify_legacy() -> None:
        service = f"smspilot_{PEOPLE[0].lower()}_{MAIN}"
        await services.async_call("notify", service, {"message": bench.text()}, blocking=True)

    found = await interleaved(
        200,
        {
            "bare": _bare(bench, entry),
            "rest_command": rest_command,
            "send_sms": lambda: bench.send(bench.text(), [bench.number()]),
            "notify.rest": notify_rest,
            "entity": notify_entity,
            "legacy": notify_legacy,
        },
    )
    command, rest = found["rest_command"], found["notify.rest"]
    table.ratio("send_sms, answered at once", found["send_sms"], command, "rest_command", goal=1.7)
    table.ratio("send_sms, answered at once", found["send_sms"], found["bare"], "bare POST")
    table.ratio("notify entity", found["entity"], rest, "notify.rest", goal=2)
    table.ratio("legacy notify", found["legacy"], rest, "notify.rest", goal=2)


def _rest_command(bench: Bench) -> Work:
    async def rest_command() -> None:
        data = {"message": bench.text(), "to": bench.number().removeprefix("+")}
        await bench.hass.services.async_call(
            "rest_command", "bench", data, blocking=True, return_response=True
        )

    return rest_command


async def _processor(bench: Bench, table: Table) -> None:
    """Measure what a send costs the processor in all, with what it leaves to be done."""
    entry = await bench.account()

    async def cost(work: Work) -> float:
        gc.collect()
        start = process_time()
        for _ in range(IN_A_ROW):
            await work()
        await bench.hass.async_block_till_done()
        return (process_time() - start) / IN_A_ROW

    async def ours() -> float:
        took = await cost(
            lambda: bench.send(bench.text(), [bench.number()], config_entry_id=entry.entry_id)
        )
        # What waits for its delivery is another matter.
        await empty(bench, entry)
        return took

    rest_command = _rest_command(bench)
    found = await interleaved(7, {"ours": ours, "rest_command": lambda: cost(rest_command)})
    table.ratio(
        "send_sms, processor time", found["ours"], found["rest_command"], "rest_command", goal=1.7
    )
    await bench.hass.config_entries.async_remove(entry.entry_id)


async def _many(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    bare = _bare(bench, entry)

    async def bare_at_once() -> None:
        await asyncio.gather(*(bare() for _ in range(AT_ONCE)))

    async def ours_at_once() -> None:
        await asyncio.gather(*(bench.send(bench.text(), [bench.number()]) for _ in range(AT_ONCE)))

    found = await interleaved(15, {"bare": bare_at_once, "ours": ours_at_once})
    table.ratio(
        f"{AT_ONCE} sends at once", found["ours"], found["bare"], f"{AT_ONCE} bare POSTs", goal=2.5
    )


async def _list(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    known = bench.numbers(LIST)
    await bench.requests()
    await bench.send(bench.text(), known)
    sends = [one for one in await bench.requests() if one["command"] == "send"]
    table.number(f"{LIST:,} recipients: requests", len(sends), "", goal=2)
    found = await interleaved(
        7,
        {
            "bare": _bare(bench, entry),
            "known": lambda: bench.send(bench.text(), known),
            "new": lambda: bench.send(bench.text(), bench.numbers(LIST)),
        },
    )
    for kind in ("known", "new"):
        each = [seconds / LIST for seconds in found[kind]]
        what = f"{LIST:,} recipients, {kind} numbers, each"
        table.ratio(what, each, found["bare"], "bare POST", goal=0.15)


def _bare(bench: Bench, entry: SmspilotConfigEntry) -> Work:
    """Return a request with the fields that ours sends, so that the service has the same work."""
    callback = entry.runtime_data.account.client.push_url or ""

    async def post() -> None:
        await bench.post(
            send=bench.text(),
            to=bench.number().removeprefix("+"),
            fields=SEND_FIELDS,
            callback=callback,
            callback_method="post",
        )

    return post
