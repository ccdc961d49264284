"""Read a response of the API: its body, its JSON, its error and its date."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
import json
import re
from typing import Any, Final

import aiohttp

from .errors import ERROR_BY_CODE, ApiError, Fault, InvalidResponse
from .values import integer, optional, text

# Bytes. A thousand rows with texts are far smaller; a larger response is a mistake or an attack.
MAX_BODY: Final = 5 * 1024 * 1024
# Group 1 is a valid escape; a match without it is a stray backslash.
ESCAPE: Final = re.compile(r'(\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))|\\')
TRAILING_COMMA: Final = re.compile(r",(?=\s*[\]}])")


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """Return the response's body; raise `InvalidResponse` where it is larger than `MAX_BODY`."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise InvalidResponse(Fault.TOO_LARGE)
    return bytes(body)


def parse_json(body: bytes) -> Any:
    """Return the parsed JSON, or raise `InvalidResponse`.

    Where strict parsing fails, the stray backslashes and trailing commas of the document's own
    examples are removed first.
    """
    try:
        string = body.decode("utf-8-sig")
        try:
            return json.loads(string)
        except ValueError:
            string = ESCAPE.sub(lambda found: found[1] or r"\\", string)
            return json.loads(TRAILING_COMMA.sub("", string))
    except ValueError, RecursionError:
        raise InvalidResponse(Fault.NOT_JSON) from None


def error_of(error: Any) -> ApiError | InvalidResponse | None:
    """Return the exception for a response's `error` (section 11), None for code 0 or no error."""
    if not isinstance(error, dict):
        return None
    code = integer(error.get("code"))
    if code is None:
        return InvalidResponse(Fault.OTHER_FORM)
    description, description_ru = text(error.get("description")), text(error.get("description_ru"))
    if not code and not description and not description_ru:
        return None
    return ERROR_BY_CODE.get(code, ApiError)(
        code,
        description,
        description_ru,
        phone=optional(error.get("phone")),
        status=optional(error.get("status")),
        status_ru=optional(error.get("status_ru")),
    )


@lru_cache(maxsize=1)
def date_of(header: str | None) -> datetime | None:
    """Return the API's time by the response's `Date`, or None."""
    try:
        at = parsedate_to_datetime(header) if header else None
        # A zone of "-0000" makes a naive time.
        return at and at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError, ValueError:
        return None
