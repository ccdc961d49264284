"""Turn records into JSON values and back, by their annotations."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
import types
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

# Annotations are slow to look up, and a restart reads thousands of messages.
_HINTS: Final[dict[type[Any], dict[str, Any]]] = {}


def to_json(value: Any) -> Any:
    """Return a record as JSON values."""
    result = value
    match value:
        case Enum():
            result = value.value
        case Decimal():
            result = str(value)
        case datetime():
            result = value.isoformat()
        case timedelta():
            result = value.total_seconds()
        case Mapping():
            result = {str(to_json(key)): to_json(each) for key, each in value.items()}
        case list() | tuple():
            result = [to_json(each) for each in value]
        case _ if is_dataclass(value):
            result = {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    return result


def from_json(kind: Any, value: Any) -> Any:  # noqa: PLR0911  # any annotation, any record
    """Return a JSON value as the annotation wants it."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = next(each for each in args if each is not type(None))
        return None if value is None else from_json(inner, value)
    if origin is list:
        return [from_json(args[0], each) for each in value]
    if is_dataclass(kind) and isinstance(kind, type):
        return kind(**values_for(kind, value))
    if kind is timedelta:
        return timedelta(seconds=value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is Decimal:
        return Decimal(str(value))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value


def values_for(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return JSON values as a record's fields want them; an unknown name is an error."""
    hints = _hints(kind)
    if strangers := values.keys() - hints.keys():
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(strangers))}")
    return {name: from_json(hints[name], value) for name, value in values.items()}


def _hints(kind: type[Any]) -> dict[str, Any]:
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]


def change(record: Any, values: Mapping[str, Any]) -> None:
    """Set fields of a mutable record from JSON values."""
    for name, value in values_for(type(record), values).items():
        setattr(record, name, value)
