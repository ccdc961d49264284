"""Parses the fields of a push, whatever the encoding of its body.

Only the id is needed: the API's list has the rest.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable
from contextlib import suppress
from email import message_from_bytes, policy
from functools import partial
import json
import re
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import ClientError
from aiohttp.hdrs import CONTENT_TYPE
from aiohttp.web import Request, RequestPayloadError

# The longest message with all its fields is far smaller.
MAX_BODY_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 100
# The usual character set in Russia besides UTF-8.
FALLBACK_CHARSET: Final = "cp1251"

# In place of what no character set explains.
REPLACEMENT: Final = "\ufffd"

_CHARSET: Final = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
# Finds complete pairs in JSON that was cut off.
_PAIR: Final = re.compile(r'"(\w+)"\s*:\s*(?:"([^"\\]*)"|(\d+))')


class MalformedPush(Exception):
    """A request that is no push of the API."""


async def async_push_fields(request: Request) -> dict[str, str]:
    """Return the fields of query and body, or raise `MalformedPush`.

    Of a body that breaks off the fields that came are returned.
    """
    # Read once: a request of Home Assistant Cloud makes a new stream for each `content`.
    content, body = request.content, bytearray()
    try:
        while chunk := await content.read(MAX_BODY_BYTES + 1 - len(body)):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise MalformedPush
    except ClientError, RequestPayloadError, OSError:
        pass
    query = dict(request.query) if request.query_string else {}
    try:
        fields = _fields(bytes(body).removeprefix(BOM_UTF8), request.headers.get(CONTENT_TYPE, ""))
    except LookupError, RecursionError, TypeError, ValueError:
        raise MalformedPush from None
    if body and not fields:
        raise MalformedPush
    return query | fields


def _fields(body: bytes, content_type: str) -> dict[str, str]:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return _parts(body, content_type)
    charsets = (_charset(content_type), "utf-8", FALLBACK_CHARSET)
    if media_type.endswith("json") or body.lstrip().startswith(b"{"):
        return _json(_first_readable(body.decode, charsets))
    # Characters that should have been escaped are escaped.
    form = _NOT_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), body).decode("ascii")
    parse = partial(parse_qsl, form, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    return dict(
        _first_readable(lambda charset, errors: parse(encoding=charset, errors=errors), charsets)
    )


def _first_readable[T](read: Callable[[str, str], T], charsets: Iterable[str]) -> T:
    """Return what is read by the first character set that fits, else what UTF-8 makes of it."""
    for charset in charsets:
        with suppress(UnicodeError):
            return read(charset, "strict")
    return read("utf-8", "replace")


def _charset(content_type: str) -> str:
    """Return the character set of a content type where Python knows it, else UTF-8."""
    found = _CHARSET.search(content_type)
    try:
        return found[1] if found and "".encode(found[1]) == b"" else "utf-8"
    except LookupError:
        return "utf-8"


def _parts(body: bytes, content_type: str) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    fields: dict[str, str] = {}
    for part in message_from_bytes(head + body, policy=policy.HTTP).walk():
        name = part.get_param("name", header="Content-Disposition")
        if isinstance(name, str) and len(fields) < MAX_FIELDS:
            value = part.get_payload(decode=True)
            if isinstance(value, bytes):
                fields[name] = value.decode("utf-8", "replace").strip("\r\n")
    return fields


def _json(text: str) -> dict[str, str]:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return {key: string or number for key, string, number in _PAIR.findall(text)[:MAX_FIELDS]}
    if not isinstance(found, dict):
        raise MalformedPush
    plain = ((key, one) for key, one in found.items() if isinstance(one, str | int | float))
    return {key: str(one) for key, one in plain if not isinstance(one, bool)}
