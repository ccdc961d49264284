"""Read a request: parameters, character set, command."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from typing import Final
from urllib.parse import unquote_to_bytes

from .ignored import ignored
from .model import Command, Kind, Unknown

_FORM: Final = "application/x-www-form-urlencoded"
# Not in the document, but any PHP page reads it too, and clients in PHP send it.
_MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, read."""

    command: Command
    params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    unknown: tuple[Unknown, ...]
    format: str
    lang: str
    charset: str
    remote: str

    def flag(self, name: str) -> bool:
        """Return whether a switch is on."""
        return self.params.get(name) == "1"

    def list(self, name: str) -> list[str]:
        """Return a comma-separated list."""
        value = self.params.get(name, "")
        return [each.strip() for each in value.split(",")] if value.strip() else []


def read(query: str, body: bytes, content_type: str, remote: str) -> Call:
    """Read a request from its raw parts, bytes decoded as `charset` says."""
    media_type = content_type.partition(";")[0].strip().lower()
    raw_query = list(_pairs(query.encode("utf-8", "surrogateescape")))
    raw_form: list[tuple[bytes, bytes]] = []
    if media_type in ("", _FORM):
        raw_form += _pairs(body)
    elif media_type == _MULTIPART:
        raw_form += _parts(body, content_type)
    charset = dict(raw_query + raw_form).get(b"charset", b"").decode("ascii", "replace") or "UTF-8"
    known_charset = _is_charset(charset)
    codec = charset if known_charset else "UTF-8"
    query_params = {_ascii(name): _text(name, value, codec) for name, value in raw_query}
    form_params = {_ascii(name): _text(name, value, codec) for name, value in raw_form}
    params = query_params | form_params
    command = next((each for each in Command if each in params), Command.ACCOUNT)

    notes = list(ignored(command, params))
    names = [_ascii(name) for name, _ in raw_query + raw_form]
    notes += [(name, "given twice") for name in params if names.count(name) > 1]
    if not known_charset:
        notes.append(("charset", "not a character set"))
    if body and media_type not in ("", _FORM):
        notes.append(("(body)", f"not a form but {media_type}"))
    return Call(
        command=command,
        params=params,
        query=query_params,
        form=form_params,
        unknown=tuple(
            Unknown(command=command, name=name, value=params.get(name, ""), reason=reason)
            for name, reason in notes
        ),
        format=params.get("format", "text"),
        lang=params.get("lang", "en"),
        charset=codec,
        remote=remote,
    )


def _pairs(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    for pair in raw.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            yield (
                unquote_to_bytes(name.replace(b"+", b" ")),
                unquote_to_bytes(value.replace(b"+", b" ")),
            )


def _parts(body: bytes, content_type: str) -> Iterator[tuple[bytes, bytes]]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    for part in message_from_bytes(head + body).walk():
        if name := part.get_param("name", header="Content-Disposition"):
            value = part.get_payload(decode=True)
            assert isinstance(value, bytes)
            yield str(name).encode(), value


def _is_charset(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _ascii(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _text(name: bytes, value: bytes, charset: str) -> str:
    """Decode a value; in a wide character set only the free texts are wide, the rest is ASCII."""
    wide = "16" in charset or "32" in charset
    if wide and name not in (b"send", b"from"):
        return value.decode("utf-8", "replace")
    return value.decode(charset, "replace")


def kind_of(text: str, sender: str) -> Kind:
    """Return what is bought: by the text first, then by the sender."""
    by_text = {"HLR": Kind.HLR, "PING": Kind.PING, "HLRVIP": Kind.HLRVIP}
    by_sender = {
        "2WAY": Kind.TWO_WAY,
        "GOLOS": Kind.VOICE,
        "GOLOSM": Kind.VOICE,
        "FLASHCALL": Kind.FLASH_CALL,
    }
    return by_text.get(text) or by_sender.get(sender) or Kind.SMS
