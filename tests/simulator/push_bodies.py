"""The body of a push: a form, or what else a server in PHP might send."""

from collections.abc import Mapping
import json
from typing import Final
from urllib.parse import quote, urlencode

from .choices import PushBody

_FORM: Final = "application/x-www-form-urlencoded"
_BOUNDARY: Final = "------------------------7d1f2a9c"
# Long enough to cost the last field.
_MISSING: Final = 5


def form_of(params: Mapping[str, str], charset: str = "utf-8") -> str:
    """Return parameters as a form has them."""
    # A space is %20 in the document's examples, not a plus.
    return urlencode(params, quote_via=quote, encoding=charset, errors="replace")


def body_of(params: Mapping[str, str], how: PushBody) -> tuple[bytes, str]:
    """Return a body and its type."""
    match how:
        case PushBody.MULTIPART:
            return _multipart(params), f"multipart/form-data; boundary={_BOUNDARY}"
        case PushBody.JSON:
            return json.dumps(dict(params), ensure_ascii=False).encode(), "application/json"
        case PushBody.CP1251:
            return form_of(params, "cp1251").encode(), f"{_FORM}; charset=windows-1251"
        case PushBody.CUT:
            return form_of(params).encode()[:-_MISSING], _FORM
        case PushBody.FORM:
            return form_of(params).encode(), _FORM


def _multipart(params: Mapping[str, str]) -> bytes:
    parts = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in params.items()
    )
    return f"{parts}--{_BOUNDARY}--\r\n".encode()
