"""The check of the docs finds what is wrong, says where, and leaves alone what is right."""

from collections import defaultdict
from pathlib import Path
import subprocess
import sys
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

type Complaints = dict[str, dict[int, str]]


def fence(example: str) -> str:
    return f"```yaml\n{example.strip()}\n```\n"


# The text of a page, the line that is wrong, and what is said of it.
WRONG: Final = {
    "unknown action": (fence("- action: smspilot.send_mms"), 2, "no such action"),
    "unknown action of another": (fence("- action: cover.open_gate"), 2, "no such action"),
    "unknown field": (
        fence(
            "- if: '{{ true }}'\n  then:\n    - action: smspilot.call\n      data: {shout: true}"
        ),
        4,
        "shout",
    ),
    "missing field": (fence("action: smspilot.ask"), 2, "required"),
    "wrong value": (
        fence("- action: smspilot.send_sms\n  data: {message: Hi, time_to_live: 48:00:00}"),
        2,
        "time_to_live",
    ),
    "lost response": (
        fence("- action: smspilot.get_account\n- stop: Enough"),
        2,
        "smspilot.get_account: wants a response_variable",
    ),
    "unknown trigger": (fence("- trigger: smspilot.message_sent"), 2, "smspilot.message_sent"),
    "unknown option of a trigger": (
        fence("- trigger: smspilot.message_received\n  options: {who: Papa}"),
        2,
        "who",
    ),
    "unknown choice": (
        fence("triggers:\n  - trigger: smspilot.message_received\n    options: {match: roughly}"),
        3,
        "match",
    ),
    "broken YAML": (fence("- action: [smspilot.call"), 2, "while parsing a flow sequence"),
    "unknown condition": (fence("conditions: {condition: moon}\nactions: []"), 2, "moon"),
    "broken template": (
        fence("- action: smspilot.call\n  data: {message: '{{ 1 + }}'}"),
        2,
        "template",
    ),
    "nonsense": (fence("Home"), 2, "pasted nowhere"),
    "wrong configuration": (fence("logger:\n  default: loud"), 2, "default"),
    "unknown integration": (fence("smspliot:\n  sender: Home"), 2, "smspliot"),
    "blueprint without input": (
        fence("use_blueprint: {path: smspilot/order_by_sms.yaml, input: {}}"),
        2,
        "Missing input",
    ),
    "unknown event": (
        fence("- trigger: event\n  event_type: smspilot_sms"),
        3,
        "`smspilot_sms`: no such event",
    ),
    "unknown data": (
        fence("- action: smspilot.send_sms\n  data:\n    message: '{{ trigger.massage }}'"),
        4,
        "`trigger.massage`: nothing has this name",
    ),
    "unknown person": (
        fence("- action: smspilot.call\n  data: {message: Hi, recipients: notify.carl}"),
        3,
        "`notify.carl`: no such entity",
    ),
    "unknown name": ("Give `time_to_life`.", 1, "`time_to_life`: nothing has this name"),
    "unknown action in words": ("See `smspilot.send_mms`.", 1, "no such action or trigger"),
    "unknown event in words": ("Hear `smspilot_sms`.", 1, "no such event"),
    "unknown entity": ("Is `sensor.smspilot_<id>_debts` low?", 1, "no such entity"),
    "unknown option": ("| option | is |\n| --- | --- |\n| Colour | red |", 3, "'colour'"),
    "unknown entity in a table": ("| Entity | is |\n| --- | --- |\n| Debts | 5 |", 3, "'debts'"),
    "unknown field in a table": (
        "| form | field |\n| --- | --- |\n| this | Name (`name`), shoe size (`shoes`) |",
        3,
        "'shoe size'",
    ),
    "unknown menu": ("*Settings → Gadgets*", 1, "'Gadgets': Home Assistant shows no such name"),
    "unknown menu in Russian": ("*Настройки → Приборы*", 1, "'Приборы'"),
    "unknown script": ("Call `scripts/dance`.", 1, "no scripts/dance"),
    "dead link": ("![Picture](images/none.png)", 1, "dead link 'images/none.png': no such file"),
    "dead link in HTML": ('<img src="none.png">', 1, "dead link 'none.png': no such file"),
    "dead heading": ("# Here\n[There](#there)", 2, "dead link '#there': no such heading"),
    "dead heading elsewhere": ("[There](good.md#there)", 1, "no such heading"),
    "link out of the project": ("[Passwords](../../passwd)", 1, "no such file"),
    "no address": ("[Here](http://smspilot.ru)", 1, "no https address"),
    "dead link to the repository": (
        "[It](https://github.com/ha-smspilot/ha-smspilot/blob/main/none.md)",
        1,
        "no such file",
    ),
    "dead import button": (
        "[It](https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url=https%3A%2F%2Fgithub.com%2Fha-smspilot%2Fha-smspilot%2Fblob%2Fmain%2Fnone.yaml)",
        1,
        "no such file",
    ),
    "somebody else's button": (
        "[It](https://my.home-assistant.io/redirect/hacs_repository/?owner=ha-smspilots)",
        1,
        "owner is ha-smspilot",
    ),
}

GOOD: Final = (
    """\
# What is *right* (`all` of it)
[Here](#what-is-right-all-of-it), [there](../README.md#дом), `smspilot.ask`, `time_to_live`,
`smspilot_sms_received`, `notify.smspilot_<id>_<name>`, `event.<name>_inbound`, `trigger.message`,
[there](https://smspilot.ru/my-settings.php), *Settings → System → Repairs*.

| option | is | field |
| :-- | --- | --: |
| Low balance, `sender` | Low | *Name* (`name`), API key `api_key` |
| **Daily limit**<br>`max_parts` | a \\| b | Password, e-mail (`password`, `login`) |
| Question template (2WAY) | | |
"""
    + fence("action: smspilot.get_account")
    + fence("""
- action: smspilot.get_inbound
  data:
    scope: new
  response_variable: inbound
- parallel:
    - action: notify.smspilot_mama
      data:
        message: "{{ inbound.messages | count }}"
        data: {urgent: true}
    - action: cover.close_cover
      target: {entity_id: cover.gate}
    - action: notify.mobile_app_phone
      data: {message: Hi}
    - action: smspilot.send_sms
      data:
        phones: ["{{ trigger.phone }}"]
        message: "{{ trigger.message }}"
        wait: "{{ states('input_number.patience') }}"
""")
    + fence("""
alias: Leak
triggers:
  - trigger: smspilot.message_status_changed
    options: {status: [failed, undelivered], to: Papa}
conditions: "{{ trigger.final }}"
actions:
  - action: smspilot.call
    continue_on_error: true
    data: {recipients: notify.papa, message: Fire!}
mode: queued
""")
    + fence("""
- use_blueprint:
    path: smspilot/order_by_sms.yaml
    input:
      words: open the gate
      actions: [{action: cover.open_cover, target: {entity_id: cover.gate}}]
""")
    + fence(
        "sequence: [{action: notify.send_message, data: {message: Hi, entity_id: notify.anna}}]"
    )
    + fence("""
recorder:
  exclude:
    event_types: [smspilot_sms_received]
logger:
  logs: {custom_components.smspilot: debug}
script:
  hello:
    sequence: [{action: smspilot.flash_call, data: {phones: "+79087964781", code: "0042"}}]
automation:
  - triggers: [{trigger: event, event_type: smspilot_reply_received}]
    actions: []
""")
    + fence("type: entities\nentities: [sensor.smspilot_5671_balance]")
)

README: Final = """\
# Дом
`smspilot_sms_received`

| option | is |
| --- | --- |
| Low balance, `max_parts` | low |

| entity | is |
| --- | --- |
| `event.<name>_inbound` | there |
""" + fence("action: smspilot.call\ndata: {message: Hi, voice: GOLOSM}")


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> Complaints:
    """Return what is said of the pages, by name and line."""
    root = tmp_path_factory.mktemp("project")
    pages = {f"docs/{name}": text for name, (text, _, _) in WRONG.items()}
    for name, text in {**pages, "docs/good": GOOD, "README": README}.items():
        page = root / f"{name}.md"
        page.parent.mkdir(exist_ok=True)
        page.write_text(text)
    blueprint = root / "blueprints" / "automation" / "new.yaml"
    blueprint.parent.mkdir(parents=True)
    blueprint.touch()
    check = (sys.executable, "-m", "tests.docs", str(root))
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    said: Complaints = defaultdict(dict)
    for line in done.stdout.splitlines():
        path, number, text = line.split(":", 2)
        on_page = said[path.removesuffix(".md")]
        on_page[int(number)] = f"{on_page.get(int(number), '')}{text}\n"
    return said


@pytest.mark.parametrize("name", WRONG)
def test_wrong(complaints: Complaints, name: str) -> None:
    """Each mistake is found on its line, and nothing else is."""
    _, line, text = WRONG[name]
    said = complaints[f"docs/{name}"]
    assert text in said.get(line, ""), said
    assert set(said) == {line}


def test_good(complaints: Complaints) -> None:
    assert complaints["docs/good"] == {}


@pytest.mark.parametrize(
    ("missing", "there"),
    [
        ("`smspilot.send_sms` has no example", "`smspilot.call` has no example"),
        ("`smspilot.message_received` has no example", None),
        ("event `smspilot_reply_received`", "event `smspilot_sms_received`"),
        ("option 'Daily limit' (`daily_limit`) is in no table here", "option 'Low balance'"),
        ("option 'Sender' (`sender`)", "option 'Maximum parts'"),
        ("setting 'PIN' (`pin`) is in no table here or", "setting 'Sender'"),
        ("entity 'Inbound' (`event.smspilot_5671_inbound`)", "(`event.papa_inbound`)"),
        ("entity 'notify.papa'", None),
        ("field `retry_for` (smspilot.send_sms, ", "field `voice`"),
        ("field `max_age` (smspilot.message_received)", "field `to` "),
        ("blueprints/automation/new.yaml has no import button", None),
    ],
)
def test_unreported(complaints: Complaints, missing: str, there: str | None) -> None:
    """What a README leaves out is missed; what it or a guide has is not."""
    (said,) = complaints["README"].values()
    assert missing in said
    assert there is None or there not in said
