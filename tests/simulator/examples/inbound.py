"""Sections 6 and 7: inbound messages, and messages that can be answered."""

from urllib.parse import quote

from tests.simulator.model import Kind
from tests.simulator.simulator import Simulator

from .base import Arrange, Example, errors, paid, received, together

_SINCE = "2021-09"
_NO_DATE = "how the date was wrong is not shown"
_TWO_WAY = f"send={quote('проверка')}&to=79087964781&from=2WAY&apikey=XYZ"


def _as_in_json(sim: Simulator) -> None:
    sim.options.newest_first = False
    sim.options.inbound_seconds = False


def _surveyless(ip: str = "") -> Arrange:
    def private(sim: Simulator) -> None:
        sim.account.templates = []

    return together(errors("phone", "ip", ip=ip), private)


def _asked(server_id: int, balance: str) -> Arrange:
    return paid((server_id, "79087964781", "3.13"), balance=balance, kind=Kind.TWO_WAY)


def _both(section: str, suffix: str, answer: str, arrange: Arrange) -> tuple[Example, ...]:
    """Return the example for all and for new messages, which share their answer."""
    return tuple(
        Example(
            section=f"{section} {which}",
            query=f"inbound={which}&apikey=XYZ{suffix}",
            arrange=arrange,
            answer=answer,
        )
        for which in ("all", "new")
    )


_JSON = _both(
    "6.2 JSON",
    "&format=json",
    """{"inbound": [
        {"id": "12345", "phone": "79087964781", "num": "79533984570", "text": "Ура работает!",
            "created": "2021-09-20 20:15", "seen": "0"},
        {"id": "12346", "phone": "79087964782", "num": "79533984570", "text": "Дима Билан!",
            "created": "2021-09-20 21:11", "seen": "0"}
    ]}""",
    together(
        received(
            (12345, "79087964781", "79533984570", "Ура работает!", "2021-09-20 20:15", False),
            (12346, "79087964782", "79533984570", "Дима Билан!", "2021-09-20 21:11", False),
        ),
        _as_in_json,
    ),
)
_XML = _both(
    "6.2 XML",
    "&format=xml",
    """<?xml version="1.0" encoding="utf-8"?>
<inbound>
  <sms id="273500" phone="79835271808" num="79581000255" created="2021-10-14 10:14:06"
  seen="0">321</sms>
  <sms id="273499" phone="79087964781" num="79533984570" created="2021-10-14 10:12:15"
  seen="0">restart server 1</sms>
</inbound>""",
    received(
        (273499, "79087964781", "79533984570", "restart server 1", "2021-10-14 10:12:15", False),
        (273500, "79835271808", "79581000255", "321", "2021-10-14 10:14:06", False),
    ),
)

INBOUND = (
    *_JSON,
    *_XML,
    Example(
        section="6.2 TEXT all",
        query="inbound=all&apikey=XYZ",
        arrange=received(
            (6060, "79087964781", "79021121075", "open the door", "2014-10-20 19:10:30", True),
            (6061, "79087964781", "79021121075", "test", "2021-10-20 19:11:21", False),
        ),
        answer="6061,79087964781,79021121075,test,2021-10-20 19:11:21,0\n"
        "6060,79087964781,79021121075,open the door,2014-10-20 19:10:30,1",
    ),
    Example(
        section="6.2 TEXT new",
        query="inbound=new&apikey=XYZ",
        arrange=received(
            (6060, "79087964781", "79021121075", "open the door", "2014-10-20 19:10:30", True),
            (6061, "79087964781", "79021121075", "test", "2021-10-20 19:11:21", False),
        ),
        answer="6061,79087964781,79021121075,test,2021-10-20 19:11:21,0",
        slip="the answer shared with `all` has a message that was seen",
    ),
    Example(
        section="6.2 JSON error",
        query=f"inbound={_SINCE}&apikey=XYZ&format=json",
        arrange=errors("ip", ip="11.1111.211.111"),
        answer="""{"error": {"code": 500,
            "description": "Invalid -since- format YYYY-MM-DD HH:II:SS",
            "description_ru": "Неправильный формат параметра -since- YYYY-MM-DD HH:II:SS",
            "ip": "11.1111.211.111"}}""",
        slip=_NO_DATE,
    ),
    Example(
        section="6.2 XML error",
        query=f"inbound={_SINCE}&apikey=XYZ&format=xml",
        arrange=errors("ip", ip="11.1111.211.111"),
        answer="""<?xml version="1.0" encoding="utf-8"?>
<error>
  <code>500</code>
  <description>Invalid -since- format YYYY-MM-DD HH:II:SS</description>
  <description_ru>Неправильный формат параметра -since- YYYY-MM-DD HH:II:SS</description_ru>
  <ip>11.1111.211.111</ip>
</error>""",
        slip=_NO_DATE,
    ),
)

TWO_WAY = (
    Example(
        section="7 JSON",
        query=f"{_TWO_WAY}&format=json",
        arrange=_asked(182264859, "1673.57"),
        answer="""{"send": [
            {"server_id": "182264859", "phone": "79087964781", "price": "3.13", "status": "0"}
        ], "balance": "1673.57", "cost": "3.13", "server_packet_id": "182264859"}""",
    ),
    Example(
        section="7 JSON error",
        query=f"{_TWO_WAY}&format=json",
        arrange=_surveyless("11.122.211.111"),
        answer="""{"error": {"code": 227, "description": "Spam protection (SURVEY)",
            "description_ru": "Защита от спама (для опросов\\/голосований нужен спец. шаблон)",
            "phone": "79087964781", "ip": "11.122.211.111"}}""",
        slip="the slash behind the backslash is lost",
    ),
    Example(
        section="7 XML",
        query=f"{_TWO_WAY}&format=xml",
        arrange=_asked(182265465, "1670.25"),
        answer="""<?xml version="1.0" encoding="UTF-8"?>
<send balance="1670.25" cost="3.13" server_packet_id="182265465">
  <sms server_id="182265465" phone="79087964781" price="3.13" status="0"/>
</send>""",
    ),
    Example(
        section="7 XML error",
        query=f"{_TWO_WAY}&format=xml",
        arrange=_surveyless("11.121.211.111"),
        answer="""<?xml version="1.0" encoding="UTF-8"?>
<error>
  <code>227</code>
  <description>Spam protection (SURVEY)</description>
  <description_ru>Защита от спама (для опросов/голосований нужен спец. шаблон)</description_ru>
  <phone>79087964781</phone>
  <ip>11.121.211.111</ip>
</error>""",
    ),
    Example(
        section="7 TEXT",
        query=_TWO_WAY,
        arrange=_asked(182265641, "1667.12"),
        answer="SUCCESS=SMS SENT 3.13/1667.12\n182265641,79087964781,3.13,0",
    ),
    Example(
        section="7 TEXT error",
        query=_TWO_WAY,
        arrange=_surveyless(),
        answer="ERROR=227: SPAM PROTECTION (SURVEY)",
    ),
    Example(
        section="7 V",
        query=f"{_TWO_WAY}&format=v",
        arrange=_asked(18226564, "1667.12"),
        answer="18226564",
        slip="`apikey=v` is `apikey=XYZ&format=v`",
    ),
    Example(
        section="7 V error",
        query=f"{_TWO_WAY}&format=v",
        arrange=_surveyless(),
        answer="Spam protection (SURVEY)",
        slip="`survey` is written small here, and nowhere else",
    ),
)
