"""What the owner must see to: raised with a way out, gone by itself when solved."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_LOW_BALANCE,
    CONF_MESSAGE_TEMPLATE,
    CONF_RATE_LIMIT,
    CONF_SENDER,
    CONF_TEST_MODE,
    DOMAIN,
)
from custom_components.smspilot.inbound import awaited_pushes

from .common import MAMA, PAPA, Clock, act, add_account, person, serve_webhook, state_of, write
from .sending import alarm, result
from .simulator.model import Blocked, Template
from .simulator.options import Pushes
from .simulator.simulator import Simulator


def issues(registry: ir.IssueRegistry) -> list[str]:
    """Return the issues; one of them has texts of its own by how much is known."""
    keys = (issue.translation_key or "" for issue in registry.issues.values())
    return sorted(key.removesuffix("_unknown").removesuffix("_new") for key in keys)


def no_money(simulator: Simulator) -> None:
    simulator.account.balance = Decimal(0)


def no_sms(simulator: Simulator) -> None:
    no_money(simulator)
    simulator.options.no_money_code = 112


def templates(simulator: Simulator) -> None:
    simulator.account.templates = [Template(text="Дом: .*", regex=True)]


def foreign(simulator: Simulator) -> None:
    simulator.account.allowed_ips = ["10.0.0.1"]


def strict(simulator: Simulator) -> None:
    simulator.options.strict_senders = True


def solve(simulator: Simulator) -> None:
    simulator.account.balance = Decimal(1000)
    simulator.account.templates = None
    simulator.account.allowed_ips = []
    simulator.options.strict_senders = False


@pytest.mark.parametrize(
    ("cause", "issue"),
    [
        (no_money, "no_money"),
        (no_sms, "no_money"),
        (templates, "text_refused"),
        (foreign, "ip_not_allowed"),
        (strict, "action_sender_refused"),
    ],
)
async def test_raised_and_gone(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    cause: Callable[[Simulator], None],
    issue: str,
) -> None:
    """A refused send raises the issue, with the service's own words; a good one takes it away."""
    await add_account(hass, simulator, options={CONF_LOW_BALANCE: 0})
    cause(simulator)
    with pytest.raises(HomeAssistantError):
        await act(hass, "send_sms", phones=[PAPA], message="Протечка!", sender="Nobody")
    assert issues(issue_registry) == [issue]
    (found,) = issue_registry.issues.values()
    assert found.translation_placeholders
    assert found.translation_placeholders["error"][:3].isdecimal()
    solve(simulator)
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!", sender="Nobody")
    assert issues(issue_registry) == []


async def test_solved_in_test_mode(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """What a test message raised a test message takes away."""
    await add_account(hass, simulator, options={CONF_TEST_MODE: True})
    templates(simulator)
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)
    assert issues(issue_registry) == ["test_mode", "text_refused"]
    solve(simulator)
    await alarm(hass, PAPA)
    assert issues(issue_registry) == ["test_mode"]


async def test_works_again_by_a_question(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """An account query that succeeds shows that it is not blocked any more."""
    entry = await add_account(hass, simulator)
    simulator.account.blocked = Blocked()
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)
    assert issue_registry.async_get_issue(DOMAIN, f"account_blocked_{entry.entry_id}")
    simulator.account.blocked = None
    await act(hass, "get_account")
    await hass.async_block_till_done()
    assert not issue_registry.issues


async def test_money_for_some_only(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry, clock: Clock
) -> None:
    """Where some of a list went out and the money did not last, that is not solved at once."""
    await add_account(hass, simulator, options={CONF_LOW_BALANCE: 0})
    simulator.account.balance = Decimal("3.00")
    bad = ("+79080000001", "+79080000002", "+79080000003")
    for phone in bad:
        simulator.phone(phone[1:]).blacklisted = True
    rows = await result(clock, alarm(hass, bad[0], PAPA, bad[1], MAMA, bad[2]))
    assert {row["error"]["code"] for row in rows.values() if row["error"]} == {212, 241}
    assert issues(issue_registry) == ["no_money"]


async def test_refused_rows_solve_nothing(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """A refused row is no message that went out, though it has an id."""
    entry = await add_account(hass, simulator)
    simulator.fault("error", code=241, command="send")
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)
    issue = f"no_money_{entry.entry_id}"
    assert issue_registry.async_get_issue(DOMAIN, issue)
    row = f'{{"server_id": "7", "phone": "{PAPA[1:]}", "status": "-2", "error": "241"}}'
    simulator.fault("other_json", command="send", body=f'{{"send": [{row}], "cost": "0"}}')
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)
    assert issue_registry.async_get_issue(DOMAIN, issue)


async def fix_sender(
    hass: HomeAssistant, simulator: Simulator, hass_client: ClientSessionGenerator
) -> tuple[Mapping[str, Any], Callable[[str], Awaitable[Mapping[str, Any]]]]:
    """Have a sender refused, and return the form that mends it, and how it is sent."""
    for component in ("repairs", "webhook"):
        assert await async_setup_component(hass, component, {})
    client = await hass_client()
    entry = await add_account(hass, simulator, options={CONF_SENDER: "Nobody"})
    simulator.options.strict_senders = True
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)

    async def post(path: str, **data: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await (await client.post(path, json=data)).json()
        return answer

    path = "/api/repairs/issues/fix"
    form = await post(path, handler=DOMAIN, issue_id=f"sender_refused_{entry.entry_id}")
    assert form["step_id"] == "choose"
    return form, lambda sender: post(f"{path}/{form['flow_id']}", sender=sender)


async def test_choose_a_sender(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    hass_client: ClientSessionGenerator,
) -> None:
    """A sender that is not allowed can be exchanged on the spot, for one that is."""
    simulator.account.senders = ["INFORM", "GOLOS", "2WAY"]
    form, choose = await fix_sender(hass, simulator, hass_client)
    assert form["data_schema"][0]["selector"]["select"]["options"] == ["INFORM"]
    assert (await choose("golos"))["errors"] == {CONF_SENDER: "invalid_sender"}
    assert (await choose(" "))["errors"] == {CONF_SENDER: "sender_required"}
    assert issues(issue_registry) == ["sender_refused"]
    await choose("INFORM")
    await alarm(hass, PAPA)
    assert [message.sender for message in simulator.messages.values()] == ["INFORM"]
    assert issues(issue_registry) == []


async def test_set_templates(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    hass_client: ClientSessionGenerator,
) -> None:
    """A personal account whose text is refused is offered to set its templates on the spot."""
    for component in ("repairs", "webhook"):
        assert await async_setup_component(hass, component, {})
    client = await hass_client()
    entry = await add_account(hass, simulator, options={CONF_SENDER: "INFORM"})
    templates(simulator)
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)

    async def post(path: str, **data: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await (await client.post(path, json=data)).json()
        return answer

    path = "/api/repairs/issues/fix"
    form = await post(path, handler=DOMAIN, issue_id=f"text_refused_{entry.entry_id}")
    assert form["step_id"] == "templates"
    assert "my-template.php" in form["description_placeholders"]["templates_url"]
    path = f"{path}/{form['flow_id']}"
    wrong = await post(path, message_template="Дом")
    assert wrong["errors"] == {"message_template": "invalid_template"}
    await post(path, message_template="Дом: {message}", two_way_template="")
    assert dict(entry.options) == {CONF_SENDER: "INFORM", CONF_MESSAGE_TEMPLATE: "Дом: {message}"}
    assert issues(issue_registry) == []
    await alarm(hass, PAPA)
    assert simulator.orders[-1].text.startswith("Дом: ")


async def test_allowed_senders(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """The notice names as allowed what its form takes."""
    simulator.account.senders = ["INFORM", "GOLOS", "2WAY", "test"]
    await add_account(hass, simulator, options={CONF_SENDER: "Nobody"})
    simulator.options.strict_senders = True
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)
    (issue,) = issue_registry.issues.values()
    assert issue.translation_placeholders
    assert issue.translation_placeholders["senders"] == "INFORM, test"


@pytest.mark.parametrize("ending", ["disable", "remove"])
@pytest.mark.parametrize("sender", ["INFORM", "GOLOS"])
async def test_fixed_too_late(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    ending: str,
    sender: str,
) -> None:
    """A form that is left open while its account goes ends with a word."""
    _form, choose = await fix_sender(hass, simulator, hass_client)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    if ending == "disable":
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    else:
        await hass.config_entries.async_remove(entry.entry_id)
    assert (await choose(sender))["reason"] == "account_closed"


async def test_low_balance(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """It says how many days the balance lasts; of a new account at what it has spent so far."""
    simulator.account.balance = Decimal("51.00")
    await add_account(hass, simulator)
    assert issues(issue_registry) == []
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    (issue,) = issue_registry.issues.values()
    spent = Decimal(state_of(hass, "sensor.smspilot_5671_spent_today").state)
    left = simulator.account.balance
    assert issue.translation_placeholders
    assert issue.translation_placeholders["balance"] == f"{left:.2f}\u00a0₽"
    assert issue.translation_placeholders["days"] == str(int(left / spent))
    simulator.account.balance = Decimal(100)
    await act(hass, "get_account")
    await hass.async_block_till_done()
    assert issues(issue_registry) == []


@pytest.mark.parametrize(
    ("days", "lasts", "text"),
    [
        (0.5, "37", "low_balance_new"),
        (2, "75", "low_balance_new"),
        (6.9, "261", "low_balance_new"),
        (7, "265", "low_balance"),
        (7.5, "284", "low_balance"),
        (8, None, "low_balance_unknown"),
    ],
)
async def test_low_balance_of_days(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    issue_registry: ir.IssueRegistry,
    days: float,
    lasts: str | None,
    text: str,
) -> None:
    """The average is that of the days since the account was set up, or of the last week."""
    simulator.account.balance = Decimal("51.00")
    await add_account(hass, simulator)
    await alarm(hass, PAPA)
    await clock.advance(days * 24 * 3600)
    await act(hass, "get_account")
    await clock.settle()
    (found,) = issue_registry.issues.values()
    assert found.translation_key == text
    if lasts:
        assert (found.translation_placeholders or {})["days"] == lasts


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ("2.5", "low_balance_new"),
        ("1.5", "low_balance_today"),
        ("0.5", "low_balance_today"),
        ("-1", "low_balance_today"),
    ],
)
async def test_low_balance_of_a_day(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    days: str,
    text: str,
) -> None:
    """What lasts for less than two days has words of its own, never “about 1 days”."""
    await add_account(hass, simulator)
    await alarm(hass, PAPA)
    price = Decimal(state_of(hass, "sensor.smspilot_5671_spent_today").state)
    simulator.account.balance = price * Decimal(days)
    await act(hass, "get_account")
    await hass.async_block_till_done()
    (found,) = issue_registry.issues.values()
    assert found.translation_key == text


async def test_topped_up(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """Money that was spent elsewhere is seen when it is missed, and money that comes ends it."""
    await add_account(hass, simulator)
    simulator.account.balance = Decimal("0.50")
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)
    await clock.settle()
    assert state_of(hass, "sensor.smspilot_5671_balance").state == "0.50"
    assert issues(issue_registry) == ["low_balance", "no_money"]
    simulator.account.balance = Decimal(1000)
    await clock.advance(1801)
    assert not issue_registry.issues


async def test_nothing_was_spent(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """Where it is unknown how long it lasts the issue says so instead of a dash."""
    simulator.account.balance = Decimal("12.50")
    await add_account(hass, simulator)
    (issue,) = issue_registry.issues.values()
    assert issue.translation_key == "low_balance_unknown"
    assert (issue.translation_placeholders or {})["balance"] == "12.50\u00a0₽"


async def test_low_balance_after_the_balance(hass: HomeAssistant, simulator: Simulator) -> None:
    """An automation that low balance starts reads the balance that is low."""
    simulator.account.balance = Decimal("51.00")
    await add_account(hass, simulator)
    read: list[str] = []

    @callback
    def alarmed(_: Event[EventStateChangedData]) -> None:
        read.append(state_of(hass, "sensor.smspilot_5671_balance").state)

    async_track_state_change_event(hass, "binary_sensor.smspilot_5671_low_balance", alarmed)
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    await hass.async_block_till_done()
    assert read == [f"{simulator.account.balance:.2f}"]


@pytest.mark.parametrize(
    ("option", "limit", "sends"), [(CONF_RATE_LIMIT, 3, 3), (CONF_DAILY_LIMIT, 4, 3)]
)
async def test_limits(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    clock: Clock,
    option: str,
    limit: int,
    sends: int,
) -> None:
    """A limit that holds messages back says so once, and forgets it in time."""
    await add_account(hass, simulator, options={option: limit})
    for number in range(6):
        with suppress(HomeAssistantError):
            await act(hass, "send_sms", phones=[PAPA], message=f"Протечка {number}!")
    assert len(simulator.orders) == sends
    assert issues(issue_registry) == [option]
    await clock.advance(25 * 3600)
    await clock.advance(1801)
    assert issues(issue_registry) == []


@pytest.mark.parametrize("limit", [0, 4])
async def test_limit_is_changed(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry, limit: int
) -> None:
    """A limit that is another one now held nothing back, or says so with its own figure."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 2})
    await alarm(hass, PAPA)
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)
    assert issues(issue_registry) == [CONF_DAILY_LIMIT]
    hass.config_entries.async_update_entry(entry, options={CONF_DAILY_LIMIT: limit})
    await hass.async_block_till_done()
    assert issues(issue_registry) == []
    for _ in range(3):
        with suppress(HomeAssistantError):
            await alarm(hass, PAPA)
    shown = [issue.translation_placeholders for issue in issue_registry.issues.values()]
    assert [figures["limit"] for figures in shown if figures] == (
        [f"{limit}\u00a0₽"] if limit else []
    )


async def test_unloaded(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """An account that is not loaded has no issues; what is still wrong is raised again."""
    entry = await add_account(
        hass, simulator, options={CONF_RATE_LIMIT: 1, CONF_LOW_BALANCE: 10_000}
    )
    for _ in range(2):
        with suppress(HomeAssistantError):
            await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    assert issues(issue_registry) == [CONF_LOW_BALANCE, CONF_RATE_LIMIT]
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert issues(issue_registry) == []
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issues(issue_registry) == [CONF_LOW_BALANCE]
    with pytest.raises(HomeAssistantError):
        await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    assert issues(issue_registry) == [CONF_LOW_BALANCE, CONF_RATE_LIMIT]


@pytest.mark.parametrize(
    ("command", "lost"), [("check", False), ("check", True), ("inbound", False)]
)
async def test_reads_report_too(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    clock: Clock,
    command: str,
    *,
    lost: bool,
) -> None:
    """An error of a read raises the same issue as one of a send."""
    await add_account(hass, simulator)
    if lost:
        simulator.fault("hang", command="send")
    await result(clock, alarm(hass, PAPA), step=61)
    simulator.fault("error", code=106, command=command)
    await clock.advance(61)
    assert issues(issue_registry) == ["account_blocked"]


async def test_unconfirmed_pushes(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    clock: Clock,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Several pushes that the list does not show for an hour raise an issue until one is shown."""
    await serve_webhook(hass, hass_client_no_auth)
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    for number in range(3):
        assert issues(issue_registry) == []
        await simulator.push_inbound(
            phone=PAPA[1:], message="x", user_id="5671", id=str(900 + number), num="7"
        )
        for _ in range(8):
            await clock.advance(600)
    assert issues(issue_registry) == ["pushes_unconfirmed"]
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(2)
    assert issues(issue_registry) == []
    await simulator.push_inbound(phone=PAPA[1:], message="x", user_id="5671", id="904", num="7")
    for _ in range(8):
        await clock.advance(600)
    assert issues(issue_registry) == []


async def test_address_changed(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    clock: Clock,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """An address that worked and is no more names the one to paste."""
    await serve_webhook(hass, hass_client_no_auth)
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(2)
    await hass.config.async_update(external_url="https://new.example.com")
    await clock.settle()
    (issue,) = (one for one in issue_registry.issues.values() if one.domain == DOMAIN)
    assert issue.translation_key == "inbound_address"
    assert issue.translation_placeholders
    assert issue.translation_placeholders["url"].startswith("https://new.example.com/api/webhook/")


@pytest.mark.usefixtures("_webhook_server")
async def test_reload_is_no_missed_push(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """What was pushed while the entry reloaded does not prove that pushes do not arrive."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await write(simulator, PAPA, "5671 раз")
    for _ in range(2):
        await clock.advance(2)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await write(simulator, PAPA, "5671 два")  # answered 200 by Home Assistant: it is not registered
    assert await hass.config_entries.async_setup(entry.entry_id)
    await clock.advance(2)
    await clock.advance(62)
    assert not [one for one in issue_registry.issues.values() if one.domain == "smspilot"]


@pytest.mark.usefixtures("_webhook_server")
async def test_start_is_no_missed_push(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """Likewise while it starts slowly."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(2)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    slow = simulator.fault("hang", when="after", command="account")
    enabling = hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    task = hass.async_create_background_task(enabling, "test")
    await clock.advance(20)
    await write(simulator, PAPA, "5671 два")
    await clock.advance(5)
    simulator.clock_offset += timedelta(seconds=5)
    slow.release()
    await task
    await clock.advance(2)
    await clock.advance(62)
    assert not [one for one in issue_registry.issues.values() if one.domain == "smspilot"]


@pytest.mark.usefixtures("_webhook_server")
async def test_address_is_back(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """An address that works again needs no other one."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    proven = hass.config.external_url
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(2)
    await hass.config.async_update(external_url="https://new.example.com")
    await clock.settle()
    await hass.config.async_update(external_url=proven)
    await clock.settle()
    assert not [one for one in issue_registry.issues.values() if one.domain == "smspilot"]


@pytest.mark.usefixtures("_webhook_server")
async def test_missed_then_changed(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """Pushes were missed, then the address changed: the issue names the new one."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    simulator.options.pushes = Pushes.OFF
    await clock.advance(1)
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(61)
    await clock.advance(61)
    (issue,) = [one for one in issue_registry.issues.values() if one.domain == "smspilot"]
    await hass.config.async_update(external_url="https://new.example.com")
    await clock.settle()
    (issue,) = [one for one in issue_registry.issues.values() if one.domain == "smspilot"]
    assert issue.translation_placeholders
    assert issue.translation_placeholders["url"].startswith("https://new.example.com/")


@pytest.mark.usefixtures("_webhook_server")
async def test_pushed_beyond_the_memory(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    issue_registry: ir.IssueRegistry,
) -> None:
    """A genuine push among too many forged ones is a push all the same."""
    monkeypatch.setattr(awaited_pushes, "MAX_AWAITED", 5)
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    for _ in range(2):
        await clock.advance(2)
    for number in range(20):
        await simulator.push_inbound(
            phone=PAPA[1:], message="раз", user_id="5671", id=f"99{number}", num="7"
        )
    await write(simulator, PAPA, "5671 два")
    for seconds in (2, 2, 62, 2):
        await clock.advance(seconds)
    assert "inbound_address" not in [one.translation_key for one in issue_registry.issues.values()]
