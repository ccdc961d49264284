"""Assist itself: a text goes in as from the app's chat, and what it says comes out."""

from inspect import signature
from typing import Any

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import chat_session

from .const import LOGGER


class AgentFailed(Exception):
    """Why Assist could not carry out an order."""


async def async_ask_assist(
    hass: HomeAssistant, text: str, conversation_id: str | None
) -> tuple[str | None, str | None]:
    """Return what Assist says to a text, and the conversation that it says it in."""
    if "conversation" not in hass.config.components:
        LOGGER.warning("Assist is not set up, so a message for it is not answered")
        return None, None
    is_pipeline = "assist_pipeline" in hass.config.components
    ask = _async_run_pipeline if is_pipeline else _async_converse
    # As a task of its own, as in the app: up to 2026.10 an agent that raises leaves its
    # conversation behind in the context, for whatever is asked there next.
    output = await hass.async_create_background_task(
        ask(hass, text, conversation_id), "smspilot question to Assist"
    )
    speech = output["response"].get("speech", {}).get("plain", {}).get("speech")
    return str(speech) if speech else None, output.get("conversation_id")


async def _async_run_pipeline(
    hass: HomeAssistant, text: str, conversation_id: str | None
) -> dict[str, Any]:
    """Have the preferred pipeline understand a text, as the app's chat does.

    Its language, sentence triggers and local intents come before its agent. None of these names is
    in an `__all__`: both ends of the supported range are tested.
    """
    # Only where it is set up: its requirements are not ours.
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
    def take(event: PipelineEvent) -> None:
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
            event_callback=take,
        )
        await PipelineInput(run=run, session=session, intent_input=text).execute(validate=True)
    if errors or not output:
        raise AgentFailed(", ".join(errors) or "no answer")
    return output


async def _async_converse(
    hass: HomeAssistant, text: str, conversation_id: str | None
) -> dict[str, Any]:
    """Have Home Assistant's own agent understand a text, where there are no pipelines."""
    from homeassistant.components import conversation  # noqa: PLC0415 - as above

    result = await conversation.async_converse(
        hass,
        text=text,
        conversation_id=conversation_id,
        context=Context(),
        language=hass.config.language,
    )
    return result.as_dict()
