"""A double of SMSPILOT's API-1 v1.12, written from the service's own document."""

from .faults import Fault, FaultKind, When
from .model import (
    DEFAULT_KEY,
    EMULATOR_KEY,
    Account,
    Blocked,
    Kind,
    Message,
    Phone,
    Status,
    Template,
)
from .options import CodeStyle, Facts, Options, Pushes, UnknownIds
from .simulator import Simulator

__all__ = [
    "DEFAULT_KEY",
    "EMULATOR_KEY",
    "Account",
    "Blocked",
    "CodeStyle",
    "Facts",
    "Fault",
    "FaultKind",
    "Kind",
    "Message",
    "Options",
    "Phone",
    "Pushes",
    "Simulator",
    "Status",
    "Template",
    "UnknownIds",
    "When",
]
