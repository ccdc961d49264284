"""Anything in a trigger's options, and any message: taken or refused, and nothing breaks."""

import logging
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import trigger as trigger_helper
from hypothesis import given, settings, strategies as st
import pytest
import voluptuous as vol

from custom_components.smspilot.const import DOMAIN, EVENT_MESSAGE_STATUS
from custom_components.smspilot.text.matching import Match
from custom_components.smspilot.trigger_options import INBOUND_KINDS

from .common import PAPA
from .test_fuzz import JUNK, ODD, PHONE
from .triggers.common import fire
from .triggers.conftest import entry

__all__ = ["entry"]

# Patterns, and what was never meant as one.
PATTERNS = st.sampled_from(
    ["(a+)+$", "(", "(?P<x>.)(?P=x)", f"a{{{'9' * 20}}}", "[[:alpha:]]", r"\p{L}+"]
)
SOUP = st.text(r"()[]{}|*+?^$.\-<>=!:,&~#pPNLwdabй019 ", min_size=1, max_size=12)
WORDS = SOUP | st.text() | PATTERNS | st.sampled_from(ODD)
TARGETS = st.sampled_from(["*", "Папа", PAPA, int(PHONE), "Sberbank"]) | WORDS
LISTS = st.lists(TARGETS, max_size=3) | TARGETS
CHOSEN = st.fixed_dictionaries(
    {"active_choice": st.sampled_from(["recipients", "numbers", "anyone"])},
    optional={"recipients": LISTS, "numbers": LISTS, "anyone": st.just("*")},
)
RECEIVED = st.fixed_dictionaries(
    {
        "text": st.lists(WORDS, max_size=3) | WORDS,
        "match": st.sampled_from([Match.REGEX, *Match]),
    },
    optional={
        "from": LISTS | CHOSEN,
        "kind": st.sampled_from(sorted(INBOUND_KINDS)),
        "max_age": st.integers(-1, 10**12) | st.sampled_from(["00:10:00", "∞"]),
    },
)
CHANGED = st.fixed_dictionaries(
    {},
    optional={
        "to": LISTS | CHOSEN,
        "kind": st.sampled_from(["sms", ["ping", "voice"]]),
        "status": st.sampled_from(["delivered", ["failed", "sent"]]),
    },
)
MESSAGES = st.fixed_dictionaries(
    {
        "phone": st.sampled_from([PAPA, "+79990001122", "Sberbank", "900", ""]) | st.text(),
        "recipient": st.sampled_from(["Папа", None]),
        "message": st.text() | st.just("a" * 2000 + "!"),
        "age": st.integers(0, 10**9),
    }
)


@st.composite
def triggers(draw: st.DrawFn) -> dict[str, Any]:
    """Return a trigger whose options make sense, but for one at times."""
    kinds = {"message_received": RECEIVED, "message_status_changed": CHANGED}
    kind, options = draw(st.sampled_from(sorted(kinds))), draw(JUNK)
    if draw(st.integers(0, 9)):
        options = draw(kinds[kind])
        if options and not draw(st.integers(0, 4)):
            options[draw(st.sampled_from(sorted(options)))] = draw(JUNK)
    return {"platform": f"{DOMAIN}.{kind}", "options": options}


async def _nothing(_variables: dict[str, Any], _context: Context | None = None) -> None:
    """Do what an automation would."""


@pytest.mark.usefixtures("entry")
@given(trigger=triggers(), messages=st.lists(MESSAGES, min_size=1, max_size=3))
@settings(max_examples=400)
async def test_any_options(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    trigger: dict[str, Any],
    messages: list[dict[str, Any]],
) -> None:
    """They are accepted or refused; accepted ones handle any message without an error."""
    caplog.set_level(logging.WARNING)
    try:
        valid = await trigger_helper.async_validate_trigger_config(hass, [trigger])
    except vol.Invalid:
        return
    stop = await trigger_helper.async_initialize_triggers(
        hass, valid, _nothing, DOMAIN, "fuzz", lambda *_args, **_more: None
    )
    assert stop
    await fire(hass, *messages)
    await fire(hass, *messages, event=EVENT_MESSAGE_STATUS)
    stop()
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
