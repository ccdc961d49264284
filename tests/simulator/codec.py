"""Turn records into JSON values and back, by their annotations."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints


def to_json(value: Any) -> Any:  # noqa: ANN401  # any record, any JSON
    """Return a record as JSON values."""
    match value:
        case Enum():
            return value.value
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(to_json(key)): to_json(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [to_json(each) for each in value]
        case _ if is_dataclass(value):
            return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


def from_json(kind: Any, value: Any) -> Any:  # noqa: ANN401, PLR0911  # any annotation, any record
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
    hints = get_type_hints(kind)
    if strangers := values.keys() - hints.keys():
        message = f"{kind.__name__} has no {', '.join(sorted(strangers))}"
        raise ValueError(message)
    return {name: from_json(hints[name], value) for name, value in values.items()}


def change(record: Any, values: Mapping[str, Any]) -> None:  # noqa: ANN401  # any mutable record
    """Set fields of a mutable record from JSON values."""
    for name, value in values_for(type(record), values).items():
        setattr(record, name, value)
