"""Passes a text to Assist, as the app's chat does, and returns the answer."""

import asyncio
from collections.abc import Mapping
from inspect import signature
import re
from typing import Any, Final

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import chat_session

# Seconds; orders are carried out one at a time, so a slow agent delays the others.
AGENT_TIMEOUT: Final = 120.0
_TAG: Final = re.compile(r"<[^>]*>")


class AgentFailed(Exception):
    """Assist could not carry out an order; the text is the reason."""


async def async_ask_assist(
    hass: HomeAssistant, text: str, conversation_id: str | None
) -> tuple[str, str | None]:
    """Return Assist's answer, which may be empty, and the id of the conversation.

    Raises `AgentFailed`, or any error of the agent.
    """
    if "conversation" not in hass.config.components:
        raise AgentFailed("Assist is not set up")
    is_pipeline = "assist_pipeline" in hass.config.components
    run = _async_run_pipeline if is_pipeline else _async_converse
    # As a task of its own, as in the app: up to 2026.10 an agent that raises leaves its
    # conversation behind in the context, for whatever runs there next.
    task = hass.async_create_background_task(
        run(hass, text, conversation_id), "smspilot question to Assist"
    )
    try:
        await asyncio.wait((task,), timeout=AGENT_TIMEOUT)
    finally:
        # Its end is not waited for: an agent may ignore that it is cancelled.
        task.cancel()
    if not task.done():
        raise AgentFailed("timeout")
    if task.cancelled():
        raise AgentFailed("cancelled")
    output = task.result()
    response = output["response"]
    speech = _speech(response.get("speech", {}))
    if not speech and response.get("response_type") == "error":
        raise AgentFailed(str(response.get("data", {}).get("code")))
    return speech, output.get("conversation_id")


def _speech(speech: Mapping[str, Any]) -> str:
    """Return what is said, without the tags of a text for a voice; empty where nothing is."""
    plain, ssml = (str(speech.get(kind, {}).get("speech") or "") for kind in ("plain", "ssml"))
    return plain.strip() or " ".join(_TAG.sub(" ", ssml).split())


async def _async_run_pipeline(
    hass: HomeAssistant, text: str, conversation_id: str | None
) -> dict[str, Any]:
    """Run the intent stage of the preferred pipeline.

    It has the language, sentence triggers and local intents of the app's chat. The names imported
    here are not public, so the oldest and the newest supported Home Assistant are tested.
    """
    # Not at module level: the integration's requirements may not be installed.
    from homeassistant.components.assist_pipeline.pipeline import (  # noqa: PLC0415
        PipelineEvent,
        PipelineEventType,
        PipelineInput,
        PipelineRun,
        PipelineStage,
        async_get_pipeline,
    )

    output: dict[str, Any] = {}
    errors: list[str] = []

    @callback
    def on_event(event: PipelineEvent) -> None:
        if event.type is PipelineEventType.INTENT_END and event.data:
            output.update(event.data["intent_output"])
        elif event.type is PipelineEventType.ERROR and event.data:
            errors.append(str(event.data["code"]))

    get_session = chat_session.async_get_chat_session
    # From 2026.11 on Home Assistant asks for it; the stage checks by itself whose session it is.
    owner = {"context": None} if "context" in signature(get_session).parameters else {}
    with get_session(hass, conversation_id, **owner) as session:
        run = PipelineRun(
            hass,
            context=Context(),
            pipeline=async_get_pipeline(hass),
            start_stage=PipelineStage.INTENT,
            end_stage=PipelineStage.INTENT,
            event_callback=on_event,
        )
        await PipelineInput(run=run, session=session, intent_input=text).execute(validate=True)
    if errors or not output:
        raise AgentFailed(", ".join(errors) or "no answer")
    return output


async def _async_converse(
    hass: HomeAssistant, text: str, conversation_id: str | None
) -> dict[str, Any]:
    """Pass a text to Home Assistant's own agent, where there are no pipelines."""
    from homeassistant.components import conversation  # noqa: PLC0415 - as above

    result = await conversation.async_converse(
        hass,
        text=text,
        conversation_id=conversation_id,
        context=Context(),
        language=hass.config.language,
    )
    return result.as_dict()
