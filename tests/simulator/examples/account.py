"""Sections 8, 9 and 11: balance, account, errors."""

from decimal import Decimal

from tests.simulator.simulator import Simulator

from .base import Arrange, Example, blocked, errors, together

_BALANCE = "balance=rur&apikey=XYZ"
_TWICE = "section 11 shows the same error, its Russian text one prefix shorter"


def _has(balance: str) -> Arrange:
    def arrange(sim: Simulator) -> None:
        sim.account.balance = Decimal(balance)

    return arrange


def _senders(sim: Simulator) -> None:
    sim.account.senders = ["79021121075", "79087964781", "INFORM", "test"]


def _other_mail(sim: Simulator) -> None:
    sim.account.email = "info@example.ru"


BALANCE = (
    Example(
        section="8 JSON",
        query=f"{_BALANCE}&format=json",
        arrange=_has("2934.76"),
        answer='{"balance": "2934.76"}',
    ),
    Example(
        section="8 XML",
        query=f"{_BALANCE}&format=xml",
        arrange=_has("2934.76"),
        answer="<balance>2934.76</balance>",
    ),
    Example(section="8 TEXT", query=_BALANCE, arrange=_has("308.25"), answer="308.25"),
    Example(
        section="8 V",
        query=f"{_BALANCE}&format=v",
        arrange=_has("2934.76"),
        answer="2934.76",
        slip="the table calls `rur` `rus`",
    ),
)

ACCOUNT = (
    Example(
        section="9 JSON",
        query="apikey=XYZ&format=json",
        arrange=_has("2934.76"),
        answer="""{"id": "5671", "tariff_id": "5", "email": "info@example.com",
            "name": " Иванов Сергей Николаевич ", "phone": "79087964781", "balance": "2934.76",
            "date": "2010-06-03 09:45:41", "default_sender": "INFORM",
            "senders": "INFORM,test"}""",
    ),
    Example(
        section="9 and 11 JSON error",
        query="apikey=XYZ&format=json",
        arrange=together(blocked, errors("status", "ip", ip="11.122.111.111")),
        answer="""{"error": {"code": 106, "description": "User is blocked",
            "description_ru": "Пользователь заблокирован за спам\\/ошибки",
            "status": -5, "status_ru": "Проблемы с эл. почтой", "ip": "11.122.111.111"}}""",
        slip=f"the slash behind the backslash is lost; {_TWICE}",
    ),
    Example(
        section="9 XML",
        query="apikey=XYZ&format=xml",
        arrange=together(_has("2934.76"), _senders),
        answer="""<info>
<id>5671</id>
<tariff_id>5</tariff_id>
<email>info@example.com</email>
<name>Иванов Сергей Николаевич</name>
<phone>79087964781</phone>
<balance>2934.76</balance>
<date>2010-06-03 09:45:41</date>
<default_sender>INFORM</default_sender>
<senders>79021121075,79087964781,INFORM,test</senders>
</info>""",
    ),
    Example(
        section="9 and 11 XML error",
        query="apikey=XYZ&format=xml",
        arrange=together(blocked, errors("status", "ip", ip="11.122.111.111")),
        answer="""<?xml version="1.0" encoding="UTF-8"?>
<error>
  <code>106</code>
  <description>User is blocked</description>
  <description_ru>Пользователь заблокирован за спам/ошибки</description_ru>
  <status>-5</status>
  <status_ru>Проблемы с эл. почтой</status_ru>
  <ip>11.122.111.111</ip>
</error>""",
        slip=_TWICE,
    ),
    Example(
        section="9 TEXT",
        query="apikey=XYZ&format=text",
        arrange=together(_has("2934.76"), _other_mail),
        answer="SUCCESS=APIKEY INFO\nid=5671\ntariff_id=5\nemail=info@example.ru\n"
        "name=Иванов Сергей Николаевич\nphone=79087964781\nbalance=2934.76\n"
        "date=2010-06-03 09:45:41\ndefault_sender=INFORM\nany_sender=0\nsenders=INFORM,test",
    ),
    Example(
        section="9 and 11 TEXT error",
        query="apikey=XYZ&format=text",
        arrange=blocked,
        answer="ERROR=106: USER IS BLOCKED",
    ),
    Example(
        section="11 V error",
        query="apikey=XYZ&format=v",
        arrange=blocked,
        answer="User is blocked",
    ),
)
