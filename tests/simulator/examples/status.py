"""Section 2: statuses asked for; those that are pushed have tests of their own."""

from tests.simulator.model import Status
from tests.simulator.options import UnknownIds
from tests.simulator.simulator import Simulator

from .base import Arrange, Example, errors, paid, stored, together

_CHECK = "check=4566,4567&apikey=XYZ"
_UNKNOWN = "the document does not say why the ids are refused: they are unknown here"


def _refused(ip: str) -> Arrange:
    def refuse(sim: Simulator) -> None:
        sim.options.unknown_ids = UnknownIds.ERROR

    return together(errors("ip", ip=ip), refuse)


def _no_packet(sim: Simulator) -> None:
    sim.options.omit = ["server_packet_id"]


STATUS = (
    Example(
        section="2.1 JSON",
        query="send=test&to=79087964781&apikey=XYZ&format=json"
        "&callback=https%3A%2F%2Fexample.com%2Fsms-status.php",
        arrange=together(paid((9316849, "79087964781", "1.31"), balance="2935.50"), _no_packet),
        answer="""{"send": [ {"server_id": "9316849", "phone": "79087964781", "price": "1.31",
            "status": "0"} ], "balance": "2935.50", "cost": "1.31" }""",
        slip="server_packet_id is missing, as in older answers: an option",
    ),
    Example(
        section="2.2 JSON",
        query=f"{_CHECK}&format=json",
        arrange=stored(
            (4566, "79131437355", "1.31", Status.DELIVERED),
            (4567, "79087964781", "1.92", Status.UNDELIVERED),
        ),
        answer="""{ "check": [
            { "server_id": "4566", "phone": "79131437355", "price": "1.31", "status": "2" },
            { "server_id": "4567", "phone": "79087964781", "price": "1.92", "status": "-1" }
        ]}""",
        slip="the answer's second id is 4577; the table's defaults have `error`, no example has",
    ),
    Example(
        section="2.2 JSON error",
        query=f"{_CHECK}&format=json",
        arrange=_refused("11.111.222.111"),
        answer="""{ "error": { "code": 303, "description": "Invalid IDs list",
            "description_ru": "Ошибка запроса", "ip": "11.111.222.111" } }""",
        slip=_UNKNOWN,
    ),
    Example(
        section="2.2 XML",
        query=f"{_CHECK}&format=xml",
        arrange=stored(
            (4566, "79131437355", "1.31", Status.SENT),
            (4567, "79087964781", "1.92", Status.DELIVERED),
        ),
        answer="""<check>
<sms server_id="4566" phone="79131437355" price="1.31" status="1"/>
<sms server_id="4567" phone="79087964781" price="1.92" status="2"/>
</check>""",
        slip="the answer's second id is 4577",
    ),
    Example(
        section="2.2 XML error",
        query=f"{_CHECK}&format=xml",
        arrange=_refused("92.126.211.147"),
        answer="""<?xml version="1.0" encoding="UTF-8"?>
<error>
  <code>303</code>
  <description>Invalid IDs list</description>
  <description_ru>Ошибка запроса</description_ru>
  <ip>92.126.211.147</ip>
</error>""",
        slip=_UNKNOWN,
    ),
    Example(
        section="2.2 TEXT",
        query=_CHECK,
        arrange=stored(
            (4566, "79087964782", "1.31", Status.UNDELIVERED),
            (4567, "79131231212", "1.92", Status.DELIVERED),
        ),
        answer="4566,79087964782,1.31,-1\n4567,79131231212,1.92,2",
    ),
    Example(
        section="2.2 TEXT error",
        query=_CHECK,
        arrange=_refused(""),
        answer="ERROR=303: INVALID IDS LIST",
        slip=_UNKNOWN,
    ),
    Example(
        section="2.2 V",
        query="check=4566&apikey=XYZ&format=v",
        arrange=stored((4566, "79087964782", "1.31", Status.DELIVERED)),
        answer="2",
    ),
    Example(
        section="2.2 V error",
        query="check=4566&apikey=XYZ&format=v",
        arrange=_refused(""),
        answer="Invalid IDs list",
        slip=_UNKNOWN,
    ),
)
