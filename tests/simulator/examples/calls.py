"""Sections 4 and 5: voice messages and codes given by a call."""

from tests.simulator.model import Kind

from .base import Arrange, Example, errors, paid, penniless, together

_TO = "79087964781,79835271808,79999999999"
_VOICE = f"send=Hello&to={_TO}&from=GOLOS"
_FLASH = "send=1234&to=79087964781&from=FLASHCALL&apikey=XYZ"
_SHORT = "the numbers asked for are good: 7983527180, which the error names, is asked for"
_TTL = "`tto`, `t1` and `ttd` are `ttl`; GOLOS has a zero in it"
_COST = "the cost is not the price: an option"

_SHORT_JSON = """{"error": {"code": 215, "description": "Invalid phone length",
    "description_ru": "Неправильная длина номера телефона",
    "phone": "7983527180", "ip": "11.222.222.1"}}"""
_NO_MONEY_XML = """<?xml version="1.0" encoding="utf-8"?>
<error>
  <code>241</code>
  <description>You don't have enough money</description>
  <description_ru>Нет денег</description_ru>
  <ip>11.222.222.1</ip>
</error>"""


def _spoken(first: int, balance: str) -> Arrange:
    return paid(
        (first, "79087964781", "0.50"),
        (first + 1, "79835271808", "0.50"),
        (first + 2, "79999999999", "0.00"),
        balance=balance,
        kind=Kind.VOICE,
    )


def _flashed(server_id: int, price: str, balance: str) -> Arrange:
    return paid(
        (server_id, "79087964781", price), balance=balance, cost="1.00", kind=Kind.FLASH_CALL
    )


VOICE = (
    Example(
        section="4 JSON",
        query=f"{_VOICE}&ttl=60&apikey=XYZ&format=json",
        arrange=_spoken(182245438, "1679.20"),
        answer="""{ "send": [
            { "server_id": "182245438", "phone": "79087964781", "price": "0.50", "status": "0" },
            { "server_id": "182245439", "phone": "79835271808", "price": "0.50", "status": "0" },
            { "server_id": "182245440", "phone": "79999999999", "price": "0.00", "status": "-2",
                "error": "212", "error_en": "Phone in black list",
                "error_ru": "Телефон в черном списке" }
        ], "balance": "1679.20", "cost": "1.00", "server_packet_id": "182245438" }""",
        slip=f"{_TTL}; balance, cost and packet stand in the list of rows",
    ),
    Example(
        section="4 JSON error",
        query="send=Hello&to=7983527180&from=GOLOS&apikey=XYZ&format=json",
        arrange=errors("phone", "ip", ip="11.222.222.1"),
        answer=_SHORT_JSON,
        slip=_SHORT,
    ),
    Example(
        section="4 XML",
        query=f"{_VOICE}&ttl=60&apikey=XYZ&format=xml",
        arrange=_spoken(182245725, "1678.20"),
        answer="""<?xml version="1.0" encoding="UTF-8"?>
<send balance="1678.20" cost="1.00" server_packet_id="182245725">
  <sms server_id="182245725" phone="79087964781" price="0.50" status="0"/>
  <sms server_id="182245726" phone="79835271808" price="0.50" status="0"/>
  <sms server_id="182245727" phone="79999999999" price="0.00" status="-2" error="212"
error_en="Phone in black list" error_ru="Телефон в черном списке"/>
</send>""",
        slip=_TTL,
    ),
    Example(
        section="4 XML error",
        query=f"{_VOICE}&ttl=60&apikey=XYZ&format=xml",
        arrange=together(errors("ip", ip="11.222.222.1"), penniless),
        answer=_NO_MONEY_XML,
        slip=_TTL,
    ),
    Example(
        section="4 TEXT",
        query=f"{_VOICE}&apikey=XYZ",
        arrange=_spoken(182246325, "1677.20"),
        answer="SUCCESS=SMS SENT 1.00/1677.20\n182246325,79087964781,0.50,0\n"
        "182246326,79835271808,0.50,0\n182246327,79999999999,0.00,-2",
        slip=_TTL,
    ),
    Example(
        section="4 TEXT error",
        query="send=Hello&to=7983527180&from=GOLOS&apikey=XYZ",
        answer="ERROR=215: INVALID PHONE LENGTH",
        slip=_SHORT,
    ),
    Example(
        section="4 V",
        query="send=Hello&to=79087964781&from=GOLOS&apikey=XYZ&format=v",
        arrange=paid((182246387, "79087964781", "0.50"), balance="1676.70", kind=Kind.VOICE),
        answer="182246387",
        slip=_TTL,
    ),
    Example(
        section="4 V error",
        query="send=Hello&to=79999999999&from=GOLOS&apikey=XYZ&format=v",
        answer="Phone in black list",
        slip="the number asked for is not the one in the black list",
    ),
)

FLASH_CALLS = (
    Example(
        section="5 JSON",
        query=f"{_FLASH}&format=json",
        arrange=_flashed(182245438, "0.80", "1679.20"),
        answer="""{"send": [
            {"server_id": "182245438", "phone": "79087964781", "price": "0.80", "status": "0"}
        ], "balance": "1679.20", "cost": "1.00", "server_packet_id": "182245438"}""",
        slip=f"a comma too many behind the row; {_COST}",
    ),
    Example(
        section="5 JSON error",
        query="send=1234&to=7983527180&from=FLASHCALL&apikey=XYZ&format=json",
        arrange=errors("phone", "ip", ip="11.222.222.1"),
        answer=_SHORT_JSON,
        slip=_SHORT,
    ),
    Example(
        section="5 XML",
        query=f"{_FLASH}&format=xml",
        arrange=_flashed(182245725, "0.50", "1678.20"),
        answer="""<?xml version="1.0" encoding="UTF-8"?>
<send balance="1678.20" cost="1.00" server_packet_id="182245725">
  <sms server_id="182245725" phone="79087964781" price="0.50" status="0"/>
</send>""",
        slip=_COST,
    ),
    Example(
        section="5 XML error",
        query=f"{_FLASH}&format=xml",
        arrange=together(errors("ip", ip="11.222.222.1"), penniless),
        answer=_NO_MONEY_XML,
    ),
    Example(
        section="5 TEXT",
        query=_FLASH,
        arrange=_flashed(182246325, "0.50", "1677.20"),
        answer="SUCCESS=SMS SENT 1.00/1677.20\n182246325,79087964781,0.50,0",
        slip=_COST,
    ),
    Example(
        section="5 TEXT error",
        query="send=1234&to=7983527180&from=FLASHCALL&apikey=XYZ",
        answer="ERROR=215: INVALID PHONE LENGTH",
        slip=_SHORT,
    ),
    Example(
        section="5 V",
        query=f"{_FLASH}&format=v",
        arrange=_flashed(182246387, "0.80", "1676.20"),
        answer="182246387",
        slip="the code asked for has five digits, a code has four",
    ),
    Example(
        section="5 V error",
        query="send=1234&to=79999999999&from=FLASHCALL&apikey=XYZ&format=v",
        answer="Phone in black list",
        slip="the number asked for is not the one in the black list",
    ),
)
