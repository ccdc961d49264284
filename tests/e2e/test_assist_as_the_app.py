"""What is said to Assist does the same by SMS as in the app, in the oldest and the newest hass."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from .home import PYTHON, Home
from .log_check import complaints
from .service import ROOT, Service
from .websocket import Subscription, Websocket

pytestmark = pytest.mark.usefixtures("socket_enabled")

# Sentences of a language are loaded when it is first spoken, on a machine that does much else.
PATIENCE: Final = 60
HERE = Path(__file__).parent
YAML = (HERE / "assist.yaml").read_text()
MODEL: Final = "conversation.language_model"
OWN: Final = "conversation.home_assistant"
SORRY: Final = "Home Assistant could not do that. See its log for the reason, or try again later"
FAILED: Final = "Assist could not carry out an order of"
PIPELINE: Final = "[homeassistant.components.assist_pipeline"
ENGLISH: Final = ("Open the gate!", "turn on ночник", "Make it cosy", "cosier", "break", "refuse")
RUSSIAN: Final = ("Открой ворота", "включи ночник", "Сделай уютно", "уютнее", "break", "refuse")


@dataclass(frozen=True)
class Setting:
    """What a pipeline prefers, and how much then happens when all sentences are said.

    An agent of all languages has none of its own: the pipeline's counts.
    """

    agent: str
    is_local_first: bool
    agent_language: str
    language: str
    happens: int


SETTINGS: Final = (
    Setting(MODEL, True, "en", "en", happens=8),
    Setting(MODEL, False, "en", "en", happens=9),
    Setting(MODEL, True, "ru", "ru", happens=8),
    Setting(MODEL, False, "*", "ru", happens=9),
    Setting(OWN, True, "en", "en", happens=2),
)


def python_of(version: str) -> str:
    """Return whose Home Assistant to start."""
    path = ROOT / f".venv-{version}" / "bin" / "python"
    if path.exists():
        return str(path)
    if version == "newest":
        # That of the tests is new enough.
        return PYTHON
    pytest.skip(f"There is no .venv-{version}: scripts/setup --{version} makes it")


def phone_of(number: int) -> str:
    """Return a number: each setting has a recipient, and so a conversation of its own."""
    return f"7916123450{number}"


@asynccontextmanager
async def home_with_people(folder: Path, version: str) -> AsyncIterator[tuple[Home, Service]]:
    """Run a home with a language model, and with people who may talk to Assist by SMS."""
    (folder / "custom_components").mkdir()
    (folder / "custom_components" / "language_model").symlink_to(HERE / "language_model")
    home = Home(folder, YAML, python=python_of(version))
    async with Service(auto=0.1) as service, home:
        form = await home.start_flow("smspilot")
        answer = {"api_key": service.key, "advanced": {"url": service.url}}
        form = await home.answer_flow(form["flow_id"], answer)
        address = form["description_placeholders"]["webhook_url"]
        await service.control("account", inbound_url=address)
        made = await home.answer_flow(form["flow_id"], {})
        for number, _setting in enumerate(SETTINGS):
            person = {
                "name": f"Person {number}",
                "phones": [phone_of(number)],
                "orders": {"assist": True},
            }
            handler = [made["result"]["entry_id"], "recipient"]
            added = await home.flow(handler, person, kind="subentries/flow")
            assert added["type"] == "create_entry", added
        yield home, service


async def prefer(websocket: Websocket, setting: Setting) -> None:
    """Change the preferred pipeline, as its form does."""
    listed = await websocket.command("assist_pipeline/pipeline/list")
    (pipeline,) = listed["pipelines"]
    pipeline_id = pipeline.pop("id")
    fields = pipeline | {
        "conversation_engine": setting.agent,
        "conversation_language": setting.agent_language,
        "language": setting.language,
        "prefer_local_intents": setting.is_local_first,
    }
    await websocket.command("assist_pipeline/pipeline/update", pipeline_id=pipeline_id, **fields)


async def by_voice(websocket: Websocket, sentences: tuple[str, ...]) -> list[str]:
    """Say sentences in the app's chat, one conversation, and return what it says."""
    answers: list[str] = []
    more: dict[str, str] = {}
    for text in sentences:
        stages: dict[str, Any] = {"start_stage": "intent", "end_stage": "intent"}
        run = await websocket.subscribe(
            "assist_pipeline/run", input={"text": text}, **stages, **more
        )
        await run.take(lambda event: event["type"] == "run-end", timeout=PATIENCE)
        ends = [event["data"] for event in run.events if event["type"] == "intent-end"]
        errors = [event["data"]["code"] for event in run.events if event["type"] == "error"]
        if errors:
            # The app shows it as it is; the sender reads the same sentence every time.
            assert errors == ["intent-failed"]
            answers.append(SORRY)
            continue
        output = ends[0]["intent_output"]
        more = {"conversation_id": output["conversation_id"]}
        answers.append(output["response"]["speech"]["plain"]["speech"].strip())
    return answers


async def by_sms(home: Home, service: Service, phone: str, sentences: tuple[str, ...]) -> list[str]:
    """Text sentences to the home, and return what it texts back."""
    for text in sentences:
        await service.control("receive", phone=phone, text=f"5671 {text}")
    answers: list[str] = []

    async def answered() -> bool:
        messages = (await service.state())["messages"]
        answers[:] = [one["text"] for one in messages if one["phone"] == phone]
        return len(answers) == len(sentences)

    await home.until(answered, "an answer to each text", timeout=PATIENCE)
    return answers


async def what_happened(events: Subscription, count: int) -> list[str]:
    """Wait for what is done and what the model got; how long a lamp takes is no matter."""
    return sorted([(await events.take(timeout=PATIENCE))["data"]["what"] for _ in range(count)])


@pytest.mark.parametrize("version", ["oldest", "newest"])
async def test_same_by_voice_and_by_sms(tmp_path: Path, version: str) -> None:
    """The same sentence does the same, and is answered the same, whatever the pipeline prefers."""
    async with home_with_people(tmp_path, version) as (home, service), home.websocket() as socket:
        events = await socket.subscribe_events("happened")
        for number, setting in enumerate(SETTINGS):
            await prefer(socket, setting)
            sentences = RUSSIAN if setting.language == "ru" else ENGLISH
            said = await by_voice(socket, sentences)
            happened = await what_happened(events, setting.happens)
            assert await by_sms(home, service, phone_of(number), sentences) == said, setting
            assert await what_happened(events, setting.happens) == happened, setting
            assert said[0] == "Opening the gate"
            if setting.agent == MODEL:
                cosy = [f"Cosy for the {turn}. time, in {setting.language}" for turn in (3, 4)]
                assert said[2:] == [*cosy, SORRY, "The model has no credit left"]
        assert events.events == []
        by_model = [one for one in SETTINGS if one.agent == MODEL]
        # Home Assistant logs an agent's error itself, with all that led to it.
        ours = [line for line in complaints(home.log(), ()) if PIPELINE not in line]
        assert [FAILED in line and "secret" not in line for line in ours] == [True] * len(by_model)
