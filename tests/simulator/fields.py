"""The attributes of a message that can be asked for."""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

MESSAGE_FIELDS: Final = (
    "server_id",
    "phone",
    "price",
    "status",
    "sender",
    "sender_orig",
    "message",
    "created",
    "modified",
    "send_datetime",
    "parts",
    "country",
    "operator",
    "error",
    "error_en",
    "error_ru",
)
FACT_FIELDS: Final = ("imsi", "msc", "mcc", "mnc", "cn", "net", "gcn", "gnet")
PUSH_FIELDS: Final = (
    "message",
    "sender",
    "sender_orig",
    "created",
    "modified",
    "country",
    "operator",
)


def fields_of(callback: str | None) -> list[str]:
    """Return the extra attributes a callback's own query asks for."""
    try:
        query = parse_qsl(urlsplit(callback or "").query)
    except ValueError:
        return []
    values = (name.strip() for key, value in query if key == "fields" for name in value.split(","))
    return [each for each in values if each]
