"""A conversation agent that behaves as those of language models do, and needs no model.

It takes the tools of Home Assistant's own API, streams what it calls and says, keeps the
conversation in the chat log, and fails as such agents do. What it was sent is an event.
"""

from collections.abc import AsyncGenerator
from typing import Literal, override

from homeassistant.components import conversation
from homeassistant.components.conversation.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, llm
from homeassistant.helpers.typing import ConfigType

DOMAIN = "language_model"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)

type Delta = conversation.AssistantContentDeltaDict | conversation.ToolResultContentDeltaDict


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Add the agent."""
    await hass.data[DATA_COMPONENT].async_add_entities([LanguageModel()])
    return True


class LanguageModel(conversation.ConversationEntity):
    """An agent whose every sentence but a few means the lamp."""

    _attr_name = "Language model"
    _attr_unique_id = DOMAIN
    _attr_supported_features = conversation.ConversationEntityFeature.CONTROL

    @property
    @override
    def supported_languages(self) -> list[str] | Literal["*"]:
        return "*"

    @override
    async def _async_handle_message(
        self, user_input: conversation.ConversationInput, chat_log: conversation.ChatLog
    ) -> conversation.ConversationResult:
        await chat_log.async_provide_llm_data(
            user_input.as_llm_context(DOMAIN), llm.LLM_API_ASSIST, None, None
        )
        turn = sum(content.role == "user" for content in chat_log.content)
        turn_text = f"turn {turn} in {user_input.language}: {user_input.text}"
        self.hass.bus.async_fire("happened", {"what": turn_text})
        match user_input.text:
            case "break":
                raise RuntimeError("A secret of the model")
            case "refuse":
                raise HomeAssistantError("The model has no credit left")
        stream = _stream(chat_log, f"Cosy for the {turn}. time, in {user_input.language}")
        async for _content in chat_log.async_add_delta_content_stream(self.entity_id, stream):
            pass
        return conversation.async_get_result_from_chat_log(user_input, chat_log)


async def _stream(chat_log: conversation.ChatLog, answer: str) -> AsyncGenerator[Delta]:
    """Call a tool, then say so, in pieces."""
    api = chat_log.llm_api
    assert api is not None
    name = next(tool.name for tool in api.tools if tool.name.endswith("HassTurnOn"))
    call = llm.ToolInput(tool_name=name, tool_args={"name": "ночник"})
    yield {"role": "assistant", "content": "One moment.", "tool_calls": [call]}
    yield {"role": "assistant"}
    for word in answer.split(" "):
        yield {"content": f"{word} "}
