"""Section 3: number checks; the three differ by their name alone."""

from tests.simulator.model import Kind

from .base import Arrange, Example, errors, paid

_SHORT = "79087964781 and 79620488646 are good: 7962048864, which the error names, is asked for"


def _examples(section: str, kind: Kind) -> tuple[Example, ...]:
    name = kind.upper()
    query = f"send={name}&to=79087964781,79620488646&apikey=XYZ"
    short = f"send={name}&to=7962048864&apikey=XYZ"

    def priced(first: int, balance: str) -> Arrange:
        rows = ((first, "79087964781", "0.15"), (first + 1, "79620488646", "0.30"))
        return paid(*rows, balance=balance, kind=kind)

    return (
        Example(
            section=f"{section} JSON",
            query=f"{query}&format=json",
            arrange=priced(182236219, "1681.10"),
            answer="""{"send": [
                {"server_id": "182236219", "phone": "79087964781", "price": "0.15", "status": "0"},
                {"server_id": "182236220", "phone": "79620488646", "price": "0.30", "status": "0"}
            ], "balance": "1681.10", "cost": "0.45", "server_packet_id": "182236219"}""",
        ),
        Example(
            section=f"{section} JSON error",
            query=f"{short}&format=json",
            arrange=errors("phone", "ip"),
            answer="""{"error": {"code": 215, "description": "Invalid phone length",
                "description_ru": "Неправильная длина номера телефона",
                "phone": "7962048864", "ip": "11.111.211.111"}}""",
            slip=_SHORT,
        ),
        Example(
            section=f"{section} XML",
            query=f"{query}&format=xml",
            arrange=priced(182237643, "1680.65"),
            answer="""<?xml version="1.0" encoding="UTF-8"?>
<send balance="1680.65" cost="0.45" server_packet_id="182237643">
  <sms server_id="182237643" phone="79087964781" price="0.15" status="0"/>
  <sms server_id="182237644" phone="79620488646" price="0.30" status="0"/>
</send>""",
        ),
        Example(
            section=f"{section} XML error",
            query=f"{short}&format=xml",
            arrange=errors("phone", "ip", ip="11.121.111.111"),
            answer="""<?xml version="1.0" encoding="UTF-8"?>
<error>
  <code>215</code>
  <description>Invalid phone length</description>
  <description_ru>Неправильная длина номера телефона</description_ru>
  <phone>7962048864</phone>
  <ip>11.121.111.111</ip>
</error>""",
            slip=_SHORT,
        ),
        Example(
            section=f"{section} TEXT",
            query=query,
            arrange=priced(182238510, "1680.20"),
            answer="SUCCESS=SMS SENT 0.45/1680.20\n182238510,79087964781,0.15,0\n"
            "182238511,79620488646,0.30,0",
        ),
        Example(
            section=f"{section} V",
            query=f"send={name}&to=79087964781&apikey=XYZ&format=v",
            arrange=paid((182238510, "79087964781", "0.15"), balance="1680.05", kind=kind),
            answer="182238510",
        ),
        Example(
            section=f"{section} V error",
            query=f"{short}&format=v",
            answer="Invalid phone length",
            slip=_SHORT,
        ),
    )


NUMBER_CHECKS = (
    *_examples("3.1 HLR", Kind.HLR),
    *_examples("3.2 PING", Kind.PING),
    *_examples("3.3 HLRVIP", Kind.HLRVIP),
)
