"""Section 1 and the quick start: sending."""

from decimal import Decimal

from tests.simulator.model import Kind
from tests.simulator.simulator import Simulator

from .base import Arrange, Example, errors, paid, together

_HELLO = "send=Hello&to=79087964781&from=INFORM&apikey=XYZ"
_LIST = "send=Hello&to=79087964781,79161231212,79999999999&from=INFORM&apikey=XYZ"
_OTHER_LIST = _LIST.replace("79161231212", "79835271808")
_BAD = "send=Hello&to=phone&from=INFORM&apikey=XYZ"
_BLACK = "send=Hello&to=79999999999&from=INFORM&apikey=XYZ"
_NOT_BAD = "the number asked for is a good one: another stands for it here"
_OTHER_NUMBER = "the answer names another number than the request: the answer's is used"
_COST = "send=Hello&to=79087964781,79161231212&cost=1&apikey=XYZ"

_INVALID_JSON = """{"error": {"code": "111", "description": "Invalid phone",
    "description_ru": "Неправильный номер телефона"}}"""


def _listed(first: int, second: int, third: int, balance: str) -> Arrange:
    return paid(
        (first, "79087964781", "2.85"),
        (second, "79835271808", "2.38"),
        (third, "79999999999", "0.00"),
        balance=balance,
    )


def _costs_89(sim: Simulator) -> None:
    for number, price in (("79087964781", "0.45"), ("79161231212", "0.44")):
        sim.phone(number).operator = number
        sim.prices[Kind.SMS][number] = Decimal(price)


def _no_packet(sim: Simulator) -> None:
    sim.options.omit = ["server_packet_id"]


QUICK_START = (
    Example(
        section="quick start, success",
        query="send=test&to=79087964781&apikey=XYZ&format=json",
        arrange=together(paid((9316849, "79087964781", "1.31"), balance="2935.50"), _no_packet),
        answer="""{"send": [
            {"server_id": "9316849", "phone": "79087964781", "price": "1.31", "status": "0"}
        ], "balance": "2935.50", "cost": "1.31"}""",
        slip="server_packet_id is missing, as in older answers: an option",
    ),
    Example(
        section="quick start, error",
        query="send=test&to=phone&apikey=XYZ&format=json",
        arrange=errors(),
        answer=_INVALID_JSON,
        slip=_NOT_BAD,
    ),
)

ONE_NUMBER = (
    Example(
        section="1.1 JSON",
        query=f"{_HELLO}&format=json",
        arrange=paid((9316849, "79087964781", "1.31"), balance="2935.50"),
        answer="""{"send": [
            {"server_id": "9316849", "phone": "79087964781", "price": "1.31", "status": "0"}
        ], "balance": "2935.50", "cost": "1.31", "server_packet_id": "9316849"}""",
    ),
    Example(
        section="1.1 JSON error",
        query=f"{_BAD}&format=json",
        arrange=errors(),
        answer=_INVALID_JSON,
        slip=_NOT_BAD,
    ),
    Example(
        section="1.1 XML",
        query=f"{_HELLO}&format=xml",
        arrange=paid((9316848, "79087964781", "2.19"), balance="2936.81"),
        answer="""<?xml version="1.0" encoding="utf-8"?>
<send balance="2936.81" cost="2.19" server_packet_id="9316848">
<sms server_id="9316848" phone="79087964781" price="2.19" status="0"/>
</send>""",
    ),
    Example(
        section="1.1 XML error",
        query=f"{_BAD}&format=xml",
        arrange=errors(),
        answer="""<?xml version="1.0" encoding="utf-8"?>
<error><code>111</code><description>Invalid phone</description>
<description_ru>Неправильный номер телефона</description_ru></error>""",
        slip=_NOT_BAD,
    ),
    Example(
        section="1.1 TEXT",
        query="send=Hello&to=79087964782&from=INFORM&apikey=XYZ",
        arrange=paid((9316849, "79087964782", "0.60"), balance="320.50", cost="0.89"),
        answer="SUCCESS=SMS SENT 0.89/320.50\n9316849,79087964782,0.60,0",
        slip=f"{_OTHER_NUMBER}; the cost is not the price: an option",
    ),
    Example(section="1.1 TEXT error", query=_BAD, answer="ERROR=111: INVALID PHONE", slip=_NOT_BAD),
    Example(
        section="1.1 V",
        query=f"{_HELLO}&format=v",
        arrange=paid((9316849, "79087964781", "1.31"), balance="2935.50"),
        answer="9316849",
    ),
    Example(section="1.1 V error", query=f"{_BAD}&format=v", answer="Invalid phone", slip=_NOT_BAD),
)

LIST = (
    Example(
        section="1.2 JSON",
        query=f"{_LIST}&format=json",
        arrange=paid(
            (182132632, "79087964781", "1.31"),
            (182132633, "79161231212", "2.21"),
            (182132634, "79999999999", "0.00"),
            balance="2935.50",
        ),
        answer="""{"send": [
            {"server_id": "182132632", "phone": "79087964781", "price": "1.31", "status": "0"},
            {"server_id": "182132633", "phone": "79161231212", "price": "2.21", "status": "0"},
            {"server_id": "182132634", "phone": "79999999999", "price": "0.00", "status": "-2",
                "error": "212", "error_en": "Phone in black list",
                "error_ru": "Телефон в черном списке"}
        ], "balance": "2935.50", "cost": "3.52", "server_packet_id": "182132632"}""",
    ),
    Example(
        section="1.2 JSON error",
        query="send=Hello&to=phone,79161231212,79999999999&from=INFORM&apikey=XYZ&format=json",
        arrange=errors(),
        answer=_INVALID_JSON,
        slip=_NOT_BAD,
    ),
    Example(
        section="1.2 XML",
        query=f"{_OTHER_LIST}&format=xml",
        arrange=_listed(182132870, 182132872, 182132873, "1692.01"),
        answer="""<?xml version="1.0" encoding="UTF-8"?>
<send balance="1692.01" cost="5.23" server_packet_id="182132870">
  <sms server_id="182132870" phone="79087964781" price="2.85" status="0"/>
  <sms server_id="182132872" phone="79835271808" price="2.38" status="0"/>
  <sms server_id="182132873" phone="79999999999" price="0.00" status="-2" error="212"
    error_en="Phone in black list"
    error_ru="Телефон в черном списке"/>
</send>""",
        slip=_OTHER_NUMBER,
    ),
    Example(
        section="1.2 XML error",
        query=f"{_BLACK}&format=xml",
        arrange=errors("ip", ip="11.222.222.111"),
        answer="""<?xml version="1.0" encoding="UTF-8"?>
<error>
  <code>212</code>
  <description>Phone in black list</description>
  <description_ru>Телефон в черном списке</description_ru>
  <ip>11.222.222.111</ip>
</error>""",
        slip=_NOT_BAD,
    ),
    Example(
        section="1.2 TEXT",
        query=_OTHER_LIST,
        arrange=_listed(182133021, 182133022, 182133023, "1686.78"),
        answer="SUCCESS=SMS SENT 5.23/1686.78\n182133021,79087964781,2.85,0\n"
        "182133022,79835271808,2.38,0\n182133023,79999999999,0.00,-2",
        slip=_OTHER_NUMBER,
    ),
    Example(
        section="1.2 TEXT error",
        query=_BLACK,
        answer="ERROR=212: PHONE IN BLACK LIST",
        slip=_NOT_BAD,
    ),
    Example(
        section="1.2 V",
        query=f"{_LIST}&format=v&lang=ru",
        arrange=paid(
            (182133021, "79087964781", "2.85"),
            (182133022, "79161231212", "2.21"),
            (182133023, "79999999999", "0.00"),
            balance="1686.78",
        ),
        answer="182133021",
    ),
    Example(
        section="1.2 V error",
        query=f"{_BLACK}&format=v&lang=ru",
        answer="Телефон в черном списке",
        slip=_NOT_BAD,
    ),
)

COST = (
    Example(
        section="1.3 JSON",
        query=f"{_COST}&format=json",
        arrange=_costs_89,
        answer='{"cost": "0.89"}',
    ),
    Example(
        section="1.3 XML",
        query=f"{_COST}&format=xml",
        arrange=_costs_89,
        answer="<cost>0.89</cost>",
    ),
    Example(section="1.3 TEXT", query=_COST, arrange=_costs_89, answer="0.89"),
    Example(section="1.3 V", query=f"{_COST}&format=v", arrange=_costs_89, answer="0.89"),
)

SENDING = (*QUICK_START, *ONE_NUMBER, *LIST, *COST)
