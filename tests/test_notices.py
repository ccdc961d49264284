"""Notices are about what was refused, end by clocks of their own, and are true."""

from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import Context, CoreState, HomeAssistant, ServiceCall, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockUser,
    mock_restore_cache_with_extra_data,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import CONF_RATE_LIMIT, CONF_SENDER, DOMAIN

from .common import MAMA, PAPA, Clock, act, add_account, person, state_of, write
from .sending import alarm
from .simulator import Pushes
from .simulator.model import Template
from .simulator.simulator import Simulator


def notices(registry: ir.IssueRegistry) -> list[str]:
    found = (one for one in registry.issues.values() if one.domain == DOMAIN)
    return sorted(one.translation_key or "" for one in found)


async def test_reload_keeps_what_happened_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """That somebody guessed a code is shown for three days, however often the entry is loaded."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    asking = hass.async_create_background_task(
        act(hass, "ask", phones=[PAPA], question="Открыть?", code=True), "ask"
    )
    await clock.settle()
    code = int(simulator.orders[0].text[-3:])
    guesses = (str(100 + (code - 100 + step) % 900) for step in (1, 2, 3))
    await write(simulator, PAPA, " ".join(guesses))
    await clock.advance(16)
    assert (await asking)["answered"] is False
    for _ in range(2):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await clock.settle()
        assert notices(issue_registry) == ["code_guessed"]
    await clock.advance(72 * 3600)
    assert notices(issue_registry) == []
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert notices(issue_registry) == []
    await hass.config_entries.async_remove(entry.entry_id)


async def test_a_persons_own_sender(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    hass_client: ClientSessionGenerator,
) -> None:
    """The repair changes the account or recipients with the refused sender, and nothing else."""
    for component in ("repairs", "webhook"):
        assert await async_setup_component(hass, component, {})
    client = await hass_client()
    simulator.account.senders = ["INFORM", "HOME"]
    people = [person("Папа", PAPA, sender="Nobody"), person("Мама", MAMA)]
    entry = await add_account(hass, simulator, people=people, options={CONF_SENDER: "HOME"})
    simulator.options.strict_senders = True
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call(
            "notify",
            "send_message",
            {"entity_id": "notify.papa", "message": "Протечка!"},
            blocking=True,
        )
    (issue,) = [one for one in issue_registry.issues.values() if one.domain == DOMAIN]
    assert issue.translation_key == "sender_refused"
    # What works with another sender proves nothing for this one.
    await alarm(hass, MAMA)
    assert notices(issue_registry) == ["sender_refused"]
    path = "/api/repairs/issues/fix"
    data = {"handler": DOMAIN, "issue_id": issue.issue_id}
    form = await (await client.post(path, json=data)).json()
    await client.post(f"{path}/{form['flow_id']}", json={"sender": "INFORM"})
    await hass.async_block_till_done()
    assert entry.options[CONF_SENDER] == "HOME"
    papa = next(one for one in entry.subentries.values() if one.title == "Папа")
    assert papa.data[CONF_SENDER] == "INFORM"
    assert notices(issue_registry) == []


async def test_one_refused_sender_of_two(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """Each refused sender has a notice of its own, as long as it is in use."""

    def refused() -> list[str]:
        found = (one for one in issue_registry.issues.values() if one.domain == DOMAIN)
        return sorted((one.translation_placeholders or {})["sender"] for one in found)

    async def refuse(phone: str, **more: str) -> None:
        with pytest.raises(HomeAssistantError):
            await alarm(hass, phone, **more)

    simulator.account.senders = ["INFORM"]
    simulator.options.strict_senders = True
    people = [person("Папа", PAPA, sender="Papas")]
    entry = await add_account(hass, simulator, people=people, options={CONF_SENDER: "House"})
    (papa,) = entry.subentries.values()

    async def choose(*, own: str, papas: str) -> None:
        entries = hass.config_entries
        entries.async_update_entry(entry, options={**entry.options, CONF_SENDER: own})
        entries.async_update_subentry(entry, papa, data={**papa.data, CONF_SENDER: papas})
        await hass.async_block_till_done()

    await refuse(MAMA)
    await refuse(PAPA, sender="Papas")
    assert refused() == ["House", "Papas"]
    # His is another one now; the account's is as wrong as before.
    await choose(own="House", papas="INFORM")
    assert refused() == ["House"]
    # Now he has the account's former one, which no other one's fate says anything about.
    await choose(own="House", papas="House")
    await choose(own="Garden", papas="House")
    await refuse(MAMA)
    assert refused() == ["Garden", "House"]
    await choose(own="INFORM", papas="House")
    await alarm(hass, MAMA)
    assert refused() == ["House"]
    await choose(own="INFORM", papas="INFORM")
    assert refused() == []


async def test_a_questions_template(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """A question that matches no survey template is not solved by a plain SMS."""
    await add_account(hass, simulator)
    simulator.account.templates = [Template(text=".*", regex=True)]
    with pytest.raises(HomeAssistantError):
        await act(hass, "send_sms", phones=[PAPA], message="Топить?", two_way=True)
    assert notices(issue_registry) == ["text_refused"]
    await alarm(hass, PAPA)
    assert notices(issue_registry) == ["text_refused"]
    simulator.account.templates = [Template(text=".*", regex=True, survey=True)]
    await act(hass, "send_sms", phones=[PAPA], message="Топить?", two_way=True)
    assert notices(issue_registry) == []


async def test_hourly_limit_ends_after_an_hour(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """It does not wait for the account's next heartbeat."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 1})
    await alarm(hass, PAPA)
    await clock.advance(100)
    with pytest.raises(HomeAssistantError):
        await act(hass, "send_sms", phones=[PAPA], message="Ещё")
    await clock.advance(3590)
    assert notices(issue_registry) == ["rate_limit"]
    await clock.advance(20)
    assert notices(issue_registry) == []


async def test_hourly_limit_of_each_number(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """Each number's notice names the recipient, and is deleted an hour after the last refusal."""
    people = [person("Папа", PAPA), person("Мама", MAMA)]
    await add_account(hass, simulator, people=people, options={CONF_RATE_LIMIT: 1})

    def named() -> list[str]:
        return [
            (one.translation_placeholders or {})["name"] for one in issue_registry.issues.values()
        ]

    for phone in (PAPA, MAMA):
        await alarm(hass, phone)
        with pytest.raises(HomeAssistantError):
            await act(hass, "send_sms", phones=[phone], message="Ещё")
        await clock.advance(1000)
    assert named() == ["Папа", "Мама"]
    await clock.advance(1800)
    assert named() == ["Мама"]
    await clock.advance(1000)
    assert named() == []


@pytest.mark.usefixtures("_webhook_server")
async def test_push_at_an_old_address(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """It proves nothing for the present one: the notice stays, and the list is read often."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(2)
    await hass.config.async_update(external_url="https://new.example.com")
    await clock.settle()
    await write(simulator, PAPA, "5671 два")
    await clock.advance(2)
    assert notices(issue_registry) == ["inbound_address"]
    simulator.requests.clear()
    await clock.advance(61)
    assert len(simulator.calls("inbound")) == 1


@pytest.mark.usefixtures("_webhook_server")
async def test_push_a_minute_late(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """It proves that pushes arrive."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    simulator.clock_offset += timedelta(minutes=2)
    await clock.advance(120)
    simulator.options.pushes = Pushes.HOLD
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(61)
    await clock.advance(65)
    assert notices(issue_registry) == ["inbound_address"]
    await simulator.flush_pushes()
    await clock.settle()
    assert notices(issue_registry) == []


async def test_name_of_another_integration(
    hass: HomeAssistant, simulator: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """A service of our name stays whose it was, over reloads, and is said."""
    theirs: list[str] = []

    async def serve(call: ServiceCall) -> None:
        theirs.append(call.data["message"])

    assert await async_setup_component(hass, "notify", {})
    for name in ("smspilot", "smspilot_papa"):
        hass.services.async_register("notify", name, serve)
    people = [person("Папа", PAPA), person("Мама", MAMA)]
    entry = await add_account(hass, simulator, people=people)
    for number in range(3):
        (issue,) = [one for one in issue_registry.issues.values() if one.domain == DOMAIN]
        assert issue.translation_key == "notify_name_taken"
        assert issue.translation_placeholders
        names = issue.translation_placeholders["names"]
        assert names == "notify.smspilot, notify.smspilot_papa"
        for name in ("smspilot", "smspilot_papa"):
            await hass.services.async_call("notify", name, {"message": str(number)}, blocking=True)
        assert hass.services.has_service("notify", "smspilot_mama")
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert theirs == ["0", "0", "1", "1", "2", "2"]
    assert simulator.orders == []


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("get_inbound", {"scope": "all"}),
        ("get_account", {}),
        ("get_status", {"period": "all"}),
    ],
)
async def test_for_administrators(
    hass: HomeAssistant, simulator: Simulator, action: str, data: dict[str, Any]
) -> None:
    """What shows all messages is for administrators, and for calls without a user."""
    await add_account(hass, simulator)
    child = MockUser(name="Child").add_to_hass(hass)
    owner = MockUser(name="Owner", is_owner=True).add_to_hass(hass)
    for user, allowed in ((child, False), (owner, True)):
        call = hass.services.async_call(
            DOMAIN,
            action,
            data,
            blocking=True,
            return_response=True,
            context=_context(user.id),
        )
        if allowed:
            assert await call
        else:
            with pytest.raises(HomeAssistantError) as raised:
                await call
            assert raised.value.translation_key == "administrators_only"
    assert await act(hass, action, **data)


async def test_name_of_a_removed_recipient(hass: HomeAssistant, simulator: Simulator) -> None:
    """A new person of a removed one's name does not show what that one wrote."""
    attributes = {"event_type": "sms_received", "message": "Чужое"}
    stored = {
        "last_event_type": "sms_received",
        "last_event_attributes": {"message": "Чужое"},
        "owner": "somebody_inbound",
    }
    last = State("event.papa_inbound", "2026-11-01T10:00:00.000+00:00", attributes)
    mock_restore_cache_with_extra_data(hass, ((last, stored),))
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    assert state_of(hass, "event.papa_inbound").state == "unknown"


def _context(user_id: str) -> Context:
    return Context(user_id=user_id)


async def test_removed_before_it_was_loaded(hass: HomeAssistant, simulator: Simulator) -> None:
    """An account that was never loaded leaves no listener."""
    entry = await add_account(hass, simulator)
    user = ConfigEntryDisabler.USER
    await hass.config_entries.async_set_disabled_by(entry.entry_id, user)
    hass.set_state(CoreState.starting)
    before = dict(hass.bus.async_listeners())
    assert await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.bus.async_listeners() == before
    hass.set_state(CoreState.running)
