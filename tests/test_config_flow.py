"""The forms that add an account, and its webhook address."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from http import HTTPStatus
import re
from types import SimpleNamespace
from typing import Any

from homeassistant.components.cloud.const import DATA_CLOUD
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, FlowType
from homeassistant.const import (
    CONF_API_KEY,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_URL,
    CONF_WEBHOOK_ID,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.client.transport import URL
from custom_components.smspilot.const import (
    CONF_CLOUDHOOK_URL,
    CONF_LEGACY_NAME,
    CONF_LOGIN,
    CONF_MESSAGE_TEMPLATE,
    CONF_PHONES,
    CONF_SENDER,
    CONF_TEST_MODE,
    CONF_TWO_WAY_TEMPLATE,
    DOMAIN,
    SECTION_ADVANCED,
    SUBENTRY_RECIPIENT,
)
from custom_components.smspilot.form_checks import is_safe

from .common import PAPA, add_account
from .flows import OTHER_KEY, Json, check, credentials, fields, submit
from .simulator import DEFAULT_KEY, EMULATOR_KEY, Blocked, FaultKind, Simulator

HOME = "https://home.example"


async def begin(hass: HomeAssistant) -> Mapping[str, Any]:
    """Open the first form."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    return check(result)


async def to_sender(hass: HomeAssistant, sim: Simulator) -> Mapping[str, Any]:
    """Go as far as the second form."""
    result = await submit(hass, await begin(hass), credentials(sim))
    assert result["step_id"] == "sender"
    return result


def nothing_was_made(hass: HomeAssistant) -> bool:
    """Return whether there is no account."""
    return not hass.config_entries.async_entries(DOMAIN)


@pytest.fixture
def home(hass: HomeAssistant) -> str:
    """Give the home an address that the service can call."""
    hass.config.external_url = HOME
    return HOME


# An account


async def test_account_is_added(hass: HomeAssistant, simulator: Simulator, home: str) -> None:
    """The forms have their fields and texts, and add an account that works."""
    step = await begin(hass)
    advanced = next(key for key in step["data_schema"].schema if key == SECTION_ADVANCED)
    assert advanced.description == {"suggested_value": {CONF_URL: URL}}
    assert step["data_schema"].schema[advanced].options == {"collapsed": True}

    step = await submit(hass, step, credentials(simulator))
    assert step["step_id"] == "sender"
    [request] = simulator.calls()
    assert request.method == "POST"
    assert dict(request.params) == {"apikey": DEFAULT_KEY, "format": "json"}
    address = step["description_placeholders"]["webhook_url"]
    assert re.fullmatch(rf"{home}/api/webhook/[0-9a-f]{{64}}", address)
    assert step["description_placeholders"]["account"] == "5671"
    sender = next(key for key in step["data_schema"].schema if key == CONF_SENDER)
    assert sender.description == {"suggested_value": "INFORM"}
    assert step["data_schema"].schema[sender].config["options"] == ["INFORM", "test"]
    assert nothing_was_made(hass)

    result = await submit(hass, step, {CONF_SENDER: " test "})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "SMSPILOT 5671"
    entry = result["result"]
    assert entry.unique_id == "5671"
    assert dict(entry.data) == {
        CONF_API_KEY: DEFAULT_KEY,
        CONF_URL: simulator.url,
        CONF_WEBHOOK_ID: address.rpartition("/")[2],
        CONF_LEGACY_NAME: DOMAIN,
    }
    assert dict(entry.options) == {CONF_SENDER: "test", CONF_TEST_MODE: False}
    assert entry.state is ConfigEntryState.LOADED


async def test_first_recipient_comes_next(hass: HomeAssistant, simulator: Simulator) -> None:
    """The form of the first recipient opens by itself."""
    result = await submit(hass, await to_sender(hass, simulator), {})
    assert dict(result["result"].options) == {CONF_TEST_MODE: False}
    kind, flow_id = result["next_flow"]
    assert kind is FlowType.CONFIG_SUBENTRIES_FLOW
    result = await hass.config_entries.subentries.async_configure(
        flow_id, {CONF_NAME: "Papa", CONF_PHONES: ["8 908 796-47-81"]}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert hass.states.get("notify.papa")


async def test_url_may_be_left_alone(hass: HomeAssistant, simulator: Simulator) -> None:
    """A key is all the first form needs; the service's own address is the default."""
    step = await begin(hass)
    assert step["data_schema"]({CONF_API_KEY: "key"}) == {
        CONF_API_KEY: "key",
        SECTION_ADVANCED: {CONF_URL: URL},
    }


async def test_login_instead_of_key(hass: HomeAssistant, simulator: Simulator) -> None:
    """A login with its password serves as well."""
    account = simulator.account
    form = credentials(simulator, login=f" {account.login} ", password=account.password)
    step = await submit(hass, await begin(hass), form)
    result = await submit(hass, step, {CONF_TEST_MODE: True})
    data = result["result"].data
    assert data[CONF_LOGIN] == account.login
    assert data[CONF_PASSWORD] == account.password
    assert CONF_API_KEY not in data


async def test_public_key_to_try_with(hass: HomeAssistant, simulator: Simulator) -> None:
    """The vendor's emulator is an account like any other."""
    form = credentials(simulator, api_key=EMULATOR_KEY)
    step = await submit(hass, await begin(hass), form)
    result = await submit(hass, step, {})
    assert result["title"] == "SMSPILOT 10000"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "credentials_required"),
        ({CONF_API_KEY: "  "}, "credentials_required"),
        ({CONF_LOGIN: "info@example.com"}, "credentials_required"),
        ({CONF_PASSWORD: "cabinet-password"}, "credentials_required"),
        (
            {CONF_API_KEY: DEFAULT_KEY, CONF_LOGIN: "a@example.com", CONF_PASSWORD: "b"},
            "credentials_required",
        ),
        ({CONF_API_KEY: DEFAULT_KEY, CONF_LOGIN: "a@example.com"}, "credentials_required"),
        ({CONF_API_KEY: "short"}, "invalid_auth"),  # 101
        ({CONF_API_KEY: OTHER_KEY}, "invalid_auth"),  # 102
        ({CONF_LOGIN: "nobody@example.com", CONF_PASSWORD: "wrong"}, "invalid_auth"),  # 400
    ],
)
async def test_credentials_are_wrong(
    hass: HomeAssistant, simulator: Simulator, given: dict[str, str], error: str
) -> None:
    """What cannot be right is an error in the form, and the next try works."""
    key = {CONF_API_KEY: given[CONF_API_KEY]} if CONF_API_KEY in given else {}
    login = {name: value for name, value in given.items() if name != CONF_API_KEY}
    form = {**key, SECTION_ADVANCED: {CONF_URL: simulator.url, **login}}
    step = await submit(hass, await begin(hass), form)
    assert step["step_id"] == "user"
    assert step["errors"] == {"base": error}
    assert bool(simulator.calls()) is (error == "invalid_auth")
    assert nothing_was_made(hass)
    assert (await submit(hass, step, credentials(simulator)))["step_id"] == "sender"


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("short", "This key has 5 characters, 5 of them Latin"),
        ("Ж" + "A" * 63, "This key has 64 characters, 63 of them Latin"),
        ("A" * 65, "This key has 65 characters, 65 of them Latin"),
        ("A" * 64, ""),
    ],
)
async def test_key_of_another_length(
    hass: HomeAssistant, simulator: Simulator, key: str, hint: str
) -> None:
    """The error of a refused key that is no whole one says what is wrong with it."""
    step = await submit(hass, await begin(hass), credentials(simulator, api_key=key))
    assert step["errors"] == {"base": "invalid_auth"}
    said = step["description_placeholders"]["hint"]
    assert hint in said
    assert bool(said) is bool(hint)


async def test_key_as_it_is_pasted(hass: HomeAssistant, simulator: Simulator) -> None:
    """Spaces, line breaks and marks that a page adds are no part of a key."""
    pasted = f"\ufeff {DEFAULT_KEY[:32]}\u200b\n{DEFAULT_KEY[32:]}\u00a0"
    step = await submit(hass, await begin(hass), credentials(simulator, api_key=pasted))
    assert step["step_id"] == "sender"


@pytest.mark.parametrize("code", [100, 101, 102, 400, 401])
async def test_service_refuses_credentials(
    hass: HomeAssistant, simulator: Simulator, code: int
) -> None:
    """The error of wrong credentials has the API's own words for each code."""
    simulator.fault(FaultKind.ERROR, code=code)
    step = await submit(hass, await begin(hass), credentials(simulator))
    assert step["errors"] == {"base": "invalid_auth"}
    assert step["description_placeholders"]["error"].startswith(f"{code}: ")
    assert nothing_was_made(hass)


async def test_account_is_blocked(hass: HomeAssistant, simulator: Simulator) -> None:
    """The error has the API's own reason, whatever the language."""
    simulator.account.blocked = Blocked()
    step = await submit(hass, await begin(hass), credentials(simulator))
    assert step["errors"] == {"base": "account_blocked"}
    why = step["description_placeholders"]["error"]
    assert why == "106: User is blocked (Проблемы с эл. почтой)"

    hass.config.language = "ru"
    step = await submit(hass, step, credentials(simulator))
    why = step["description_placeholders"]["error"]
    assert why == "106: Пользователь заблокирован за спам/ошибки (Проблемы с эл. почтой)"
    assert nothing_was_made(hass)


async def test_ip_is_not_allowed(hass: HomeAssistant, simulator: Simulator) -> None:
    """Error 113 is not taken for a wrong key."""
    simulator.account.allowed_ips = ["192.0.2.1"]
    step = await submit(hass, await begin(hass), credentials(simulator))
    assert step["errors"] == {"base": "ip_not_allowed"}
    assert nothing_was_made(hass)


async def test_no_connection(hass: HomeAssistant, simulator: Simulator) -> None:
    """A closed port is an error, and the same form works once it is open."""
    step = await begin(hass)
    await simulator.down()
    step = await submit(hass, step, credentials(simulator))
    assert step["errors"] == {"base": "cannot_connect"}
    assert nothing_was_made(hass)
    await simulator.up()
    assert (await submit(hass, step, credentials(simulator)))["step_id"] == "sender"


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET,
        FaultKind.HTML,
        FaultKind.HTTP_500,
        FaultKind.HTTP_502_HTML,
        FaultKind.HTTP_404_HTML,
        FaultKind.REDIRECT,
        FaultKind.TRUNCATED,
        FaultKind.EMPTY,
        FaultKind.NOT_UTF8,
        FaultKind.OTHER_JSON,
        FaultKind.HUGE,
    ],
)
async def test_answer_makes_no_sense(
    hass: HomeAssistant, simulator: Simulator, kind: FaultKind
) -> None:
    """Whatever is not the API's JSON counts as no connection."""
    simulator.fault(kind)
    step = await submit(hass, await begin(hass), credentials(simulator))
    assert step["errors"] == {"base": "cannot_connect"}
    assert step["description_placeholders"]["error"]
    assert nothing_was_made(hass)


async def test_other_error(hass: HomeAssistant, simulator: Simulator) -> None:
    """An error without a name of its own is shown as the service says it."""
    simulator.fault(FaultKind.ERROR, code=110)
    step = await submit(hass, await begin(hass), credentials(simulator))
    assert step["errors"] == {"base": "unknown"}
    assert step["description_placeholders"]["error"] == "110: SYSTEM ERROR"
    assert nothing_was_made(hass)


@pytest.mark.parametrize(
    "url",
    [
        "smspilot.ru/api.php",
        "ftp://127.0.0.1/api.php",
        "http://smspilot.ru/api.php",
        "http://8.8.8.8/api.php",
        "http://169.254.169.254/latest",
        "http://localhost.example.com/api.php",
        "https://user:password@smspilot.ru/api.php",
        "http://user@127.0.0.1/api.php",
        "http://127.0.0.1:99999/api.php",
        "https:///api.php",
        "https://xn--a/api.php",
        "",
    ],
)
async def test_url_is_not_safe(hass: HomeAssistant, simulator: Simulator, url: str) -> None:
    """A key is sent nowhere else than encrypted, or inside the home."""
    form = {CONF_API_KEY: DEFAULT_KEY, SECTION_ADVANCED: {CONF_URL: url}}
    step = await submit(hass, await begin(hass), form)
    assert step["errors"] == {"base": "invalid_url"}
    assert nothing_was_made(hass)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:{port}/api.php",
        "http://127.0.0.1:{port}/elsewhere",
    ],
)
async def test_url_is_safe_but_wrong(hass: HomeAssistant, simulator: Simulator, url: str) -> None:
    """An address inside the home is tried; nothing of the service answers there."""
    address = url.format(port=simulator.port)
    form = {CONF_API_KEY: DEFAULT_KEY, SECTION_ADVANCED: {CONF_URL: address}}
    step = await submit(hass, await begin(hass), form)
    assert step["errors"] == {"base": "cannot_connect"}
    # It is in view: it may be what is wrong.
    assert step["data_schema"].schema[SECTION_ADVANCED].options == {"collapsed": False}


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://203.0.113.5/api.php",
        "http://localhost:8124/api.php",
        "http://127.1.2.3/api.php",
        "http://172.16.0.1/api.php",
        "http://192.168.1.2:8124/api.php",
        "http://[fd00::1]/api.php",
        "http://[::ffff:10.0.0.1]/api.php",
    ],
)
def test_url_is_safe(url: str) -> None:
    """What is encrypted, or stays inside the home, may be given a key."""
    assert is_safe(url)


async def test_secrets_are_not_repeated(hass: HomeAssistant, simulator: Simulator) -> None:
    """A form that complains shows login and address again, but no key and no password."""
    form = credentials(simulator, login="nobody@example.com", password="top-secret")
    step = await submit(hass, await begin(hass), form)
    advanced = next(key for key in step["data_schema"].schema if key == SECTION_ADVANCED)
    assert advanced.description == {
        "suggested_value": {CONF_URL: simulator.url, CONF_LOGIN: "nobody@example.com"}
    }
    assert step["data_schema"].schema[advanced].options == {"collapsed": False}
    assert step["data_schema"].schema[advanced].schema({}) == {CONF_URL: URL}


@pytest.mark.parametrize("sender", ["2way", "GOLOS", "golosm", " FLASHCALL"])
async def test_sender_is_none(hass: HomeAssistant, simulator: Simulator, sender: str) -> None:
    """A word that makes a message something else is no sender."""
    simulator.account.senders = ["INFORM", "GOLOS", ""]
    step = await submit(hass, await to_sender(hass, simulator), {CONF_SENDER: sender})
    assert step["errors"] == {CONF_SENDER: "invalid_sender"}
    selector = next(iter(step["data_schema"].schema.values()))
    assert selector.config["options"] == ["INFORM"]
    assert nothing_was_made(hass)
    result = await submit(hass, step, {CONF_SENDER: "My own"})
    assert result["options"][CONF_SENDER] == "My own"


async def test_account_is_known(hass: HomeAssistant, simulator: Simulator) -> None:
    """An account is added once; its entry is left alone."""
    entry = await add_account(hass, simulator)
    before = dict(entry.data)
    account = simulator.account
    form = credentials(simulator, login=account.login, password=account.password)
    result = await submit(hass, await begin(hass), form)
    assert result["reason"] == "already_configured"
    assert dict(entry.data) == before
    assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_account_is_being_added(hass: HomeAssistant, simulator: Simulator) -> None:
    """Two windows cannot add one account at a time."""
    await to_sender(hass, simulator)
    result = await submit(hass, await begin(hass), credentials(simulator))
    assert result["reason"] == "already_in_progress"


async def test_two_accounts(hass: HomeAssistant, simulator: Simulator) -> None:
    """Accounts live side by side."""
    simulator.add_account(id=777, apikey=OTHER_KEY, balance=Decimal(1))
    await submit(hass, await to_sender(hass, simulator), {})
    step = await submit(hass, await begin(hass), credentials(simulator, api_key=OTHER_KEY))
    await submit(hass, step, {})
    entries = hass.config_entries.async_entries(DOMAIN)
    assert [entry.title for entry in entries] == ["SMSPILOT 5671", "SMSPILOT 777"]
    assert all(entry.state is ConfigEntryState.LOADED for entry in entries)
    assert len({entry.data[CONF_WEBHOOK_ID] for entry in entries}) == 2


# The address people's messages come to


async def test_no_address(hass: HomeAssistant, simulator: Simulator) -> None:
    """The form of a home without an external address says so, in its language."""
    hass.config.internal_url = "http://192.168.1.2:8123"
    step = await to_sender(hass, simulator)
    assert step["description_placeholders"]["webhook_url"].startswith("There is no address yet")
    hass.config_entries.flow.async_abort(step["flow_id"])
    hass.config.language = "ru"
    step = await to_sender(hass, simulator)
    assert step["description_placeholders"]["webhook_url"].startswith("Адреса пока нет")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8123", "https://203.0.113.5", "http://home.example:8123"]
)
async def test_external_url_is_taken_at_its_word(
    hass: HomeAssistant, simulator: Simulator, url: str
) -> None:
    """Home Assistant's external URL counts, however it looks."""
    hass.config.external_url = url
    hass.config.api = SimpleNamespace(use_ssl=True, port=443, local_ip="192.168.1.2")  # type: ignore[assignment]
    step = await to_sender(hass, simulator)
    assert step["description_placeholders"]["webhook_url"].startswith(f"{url}/api/webhook/")


class Cloud:
    """As much of Home Assistant Cloud as its own functions look at."""

    def __init__(self) -> None:
        self.is_logged_in = True
        self.subscription_expired = False
        self.iot = SimpleNamespace(connected=True)
        self.client = SimpleNamespace(cloudhooks={})
        self.cloudhooks = self
        self.error: Exception | None = None

    async def async_create(self, webhook_id: str, managed: bool) -> Json:
        if self.error:
            raise self.error
        hook = {"cloudhook_url": f"https://hooks.nabu.casa/{webhook_id[:8]}"}
        self.client.cloudhooks[webhook_id] = hook
        return hook

    async def async_delete(self, webhook_id: str) -> None:
        if webhook_id not in self.client.cloudhooks:
            raise ValueError
        del self.client.cloudhooks[webhook_id]


@pytest.fixture
def cloud(hass: HomeAssistant) -> Iterator[Cloud]:
    """Log in to Home Assistant Cloud."""
    hass.config.components.add("cloud")
    cloud: Any = Cloud()
    hass.data[DATA_CLOUD] = cloud
    yield cloud
    hass.config.components.remove("cloud")


async def test_cloud_address(
    hass: HomeAssistant, simulator: Simulator, home: str, cloud: Cloud
) -> None:
    """Where there is a subscription the cloud's address counts, as long as the entry lives."""
    step = await to_sender(hass, simulator)
    [hook] = cloud.client.cloudhooks.values()
    assert step["description_placeholders"]["webhook_url"] == hook["cloudhook_url"]
    # The same form again makes no second one.
    step = await submit(hass, step, {CONF_SENDER: "2WAY"})
    result = await submit(hass, step, {})
    entry = result["result"]
    assert entry.data[CONF_CLOUDHOOK_URL] == hook["cloudhook_url"]
    assert list(cloud.client.cloudhooks) == [entry.data[CONF_WEBHOOK_ID]]
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert not cloud.client.cloudhooks


async def test_cloud_address_of_a_flow_given_up(
    hass: HomeAssistant, simulator: Simulator, cloud: Cloud
) -> None:
    """Nothing is left in the cloud, and nothing minds if it was gone before."""
    for gone in (False, True):
        step = await to_sender(hass, simulator)
        assert cloud.client.cloudhooks
        if gone:
            cloud.client.cloudhooks.clear()
        hass.config_entries.flow.async_abort(step["flow_id"])
        await hass.async_block_till_done()
        assert not cloud.client.cloudhooks


@pytest.mark.parametrize("trouble", ["expired", "disconnected", "error"])
async def test_cloud_gives_no_address(
    hass: HomeAssistant, simulator: Simulator, home: str, cloud: Cloud, trouble: str
) -> None:
    """Without the cloud's the external address counts."""
    cloud.subscription_expired = trouble == "expired"
    cloud.iot.connected = trouble != "disconnected"
    cloud.error = TimeoutError() if trouble == "error" else None
    step = await to_sender(hass, simulator)
    assert step["description_placeholders"]["webhook_url"].startswith(home)
    result = await submit(hass, step, {})
    assert CONF_CLOUDHOOK_URL not in result["result"].data


async def test_known_cloud_address_stays(
    hass: HomeAssistant, simulator: Simulator, cloud: Cloud
) -> None:
    """An address that was pasted is shown also while the cloud is not connected."""
    cloud.iot.connected = False
    known = "https://hooks.nabu.casa/known"
    entry = await add_account(hass, simulator, data={CONF_CLOUDHOOK_URL: known})
    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert (step["description_placeholders"] or {})["webhook_url"] == known


async def test_templates_at_the_start(hass: HomeAssistant, simulator: Simulator) -> None:
    """A personal account's templates are set where they are asked for."""
    step = await to_sender(hass, simulator)
    assert fields(step)[CONF_MESSAGE_TEMPLATE][0] == "{message}"
    step = await submit(hass, step, {"templates": {CONF_TWO_WAY_TEMPLATE: "Home?"}})
    assert step["errors"] == {"templates": "invalid_template"}
    templates = {CONF_MESSAGE_TEMPLATE: "Home: {message}", CONF_TWO_WAY_TEMPLATE: "Home? {message}"}
    result = await submit(hass, step, {"templates": templates})
    assert {key: result["options"][key] for key in templates} == templates


# As the page sees it


async def test_forms_over_http(
    hass: HomeAssistant, simulator: Simulator, hass_client: ClientSessionGenerator
) -> None:
    """Every form can be sent to a browser, and filled in there."""
    assert await async_setup_component(hass, "config", {})
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client()

    async def post(path: str, form: Json) -> Json:
        answer = await client.post(f"/api/config/config_entries/{path}", json=form)
        assert answer.status == HTTPStatus.OK, await answer.text()
        shown: Json = await answer.json()
        return shown

    step = await post("flow", {"handler": DOMAIN})
    assert [field["name"] for field in step["data_schema"]] == [CONF_API_KEY, SECTION_ADVANCED]
    step = await post(f"flow/{step['flow_id']}", credentials(simulator))
    assert step["step_id"] == "sender"
    result = await post(f"flow/{step['flow_id']}", {CONF_TEST_MODE: False})
    entry_id = result["result"]["entry_id"]
    assert result["next_flow"][0] == "config_subentries_flow"
    step = await post(f"subentries/flow/{result['next_flow'][1]}", {"name": "P", "phones": [PAPA]})
    assert step["type"] == "create_entry"

    for path, handler in (
        ("options/flow", entry_id),
        ("subentries/flow", [entry_id, SUBENTRY_RECIPIENT]),
    ):
        step = await post(path, {"handler": handler})
        for field in step["data_schema"]:
            assert all("selector" in one for one in field.get("schema", [field]))
