"""Write an answer as json, xml, text or v."""

import json
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from .answers import Answer, Checked, InboundList, Info, Refusal, Row, Sent, Value
from .incoming import Call
from .odd import account_values, head, inbound_rows, message_rows
from .service import json_code
from .state import State

# A parser takes these for spaces otherwise.
_BLANKS: Final = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_TYPES: Final = {"json": "application/json", "xml": "text/xml"}
_INBOUND: Final = ("id", "phone", "num", "text", "created", "seen")


def write(state: State, call: Call, answer: Answer) -> tuple[str, str]:
    """Return the text of an answer and its content type."""
    match call.format:
        case "json":
            text = _json(state, answer)
        case "xml":
            text = _xml(answer, call.charset)
        case "v":
            text = _v(answer, call.lang)
        case _:
            text = _text(answer, call.lang)
    return text, _TYPES.get(call.format, "text/plain")


def _json(state: State, answer: Answer) -> str:
    value: object
    match answer:
        case Sent():
            value = {"send": message_rows(state, answer.rows), **head(state, answer.head)}
        case Checked():
            value = {"check": message_rows(state, answer.rows)}
        case InboundList():
            value = {"inbound": inbound_rows(state, answer.rows)}
        case Value():
            value = account_values(state, {answer.name: answer.value})
        case Info():
            value = account_values(state, answer.values)
        case Refusal():
            value = {
                "error": {
                    "code": json_code(state, answer.code),
                    "description": answer.text,
                    "description_ru": answer.text_ru,
                    **answer.extra,
                }
            }
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("/", "\\/") if state.options.escape_slashes else text


def _xml(answer: Answer, charset: str) -> str:
    head = f'<?xml version="1.0" encoding="{charset}"?>\n'
    match answer:
        case Sent():
            rows = "".join(f"<sms{_attributes(each)}/>\n" for each in answer.rows)
            return f"{head}<send{_attributes(answer.head)}>\n{rows}</send>"
        case Checked():
            rows = "".join(f"<sms{_attributes(each)}/>\n" for each in answer.rows)
            return f"{head}<check>\n{rows}</check>"
        case InboundList():
            rows = "".join(_inbound_xml(each) for each in answer.rows)
            return f"{head}<inbound>\n{rows}</inbound>"
        case Value():
            return f"<{answer.name}>{escape(answer.value)}</{answer.name}>"
        case Info():
            return f"{head}<info>\n{_elements(answer.values)}\n</info>"
        case Refusal():
            values = {
                "code": str(answer.code),
                "description": answer.text,
                "description_ru": answer.text_ru,
            } | {name: str(value) for name, value in answer.extra.items()}
            return f"{head}<error>\n{_elements(values)}\n</error>"


def _attributes(values: Row) -> str:
    return "".join(f" {name}={quoteattr(value, _BLANKS)}" for name, value in values.items())


def _elements(values: Row) -> str:
    return "\n".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


def _inbound_xml(row: Row) -> str:
    attributes = _attributes({name: value for name, value in row.items() if name != "text"})
    return f"<sms{attributes}>{escape(row['text'], _BLANKS)}</sms>\n"


def _text(answer: Answer, lang: str) -> str:
    match answer:
        case Sent():
            cost, balance = answer.head.get("cost", ""), answer.head.get("balance", "")
            return "\n".join(
                [f"SUCCESS=SMS SENT {cost}/{balance}", *_lines(answer.rows, answer.columns)]
            )
        case Checked():
            return "\n".join(_lines(answer.rows, answer.columns))
        case InboundList():
            return "\n".join(_lines(answer.rows, _INBOUND))
        case Value():
            return answer.value
        case Info():
            values = dict(answer.values)
            senders = values.pop("senders")
            # Only this format has it.
            values |= {"any_sender": "0", "senders": senders}
            lines = [f"{name}={value.strip()}" for name, value in values.items()]
            return "\n".join(["SUCCESS=APIKEY INFO", *lines])
        case Refusal():
            text = answer.text_ru if lang == "ru" else answer.text.upper()
            return f"ERROR={answer.code}: {text}"


def _lines(rows: list[Row], columns: tuple[str, ...]) -> list[str]:
    return [",".join(each.get(name, "") for name in columns) for each in rows]


def _v(answer: Answer, lang: str) -> str:
    match answer:
        case Sent():
            # The packet's code is the code of its first message.
            return answer.head.get("server_packet_id") or answer.rows[0]["server_id"]
        case Checked():
            return "\n".join(each["status"] for each in answer.rows)
        case Info():
            return answer.values["id"]
        case Refusal():
            return answer.text_ru if lang == "ru" else answer.text
        case Value() | InboundList():
            return _text(answer, lang)
