"""A double of SMSPILOT's API-1 v1.12, written from the service's own document."""

from .choices import (
    CodeStyle,
    DateHeader,
    Facts,
    Ids,
    Kept,
    LatePrice,
    ListedNumbers,
    Numbers,
    OddRow,
    PseudoSenders,
    PushBody,
    Pushes,
    Stored,
    UnknownIds,
)
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
from .options import Options
from .simulator import Simulator

__all__ = [
    "DEFAULT_KEY",
    "EMULATOR_KEY",
    "Account",
    "Blocked",
    "CodeStyle",
    "DateHeader",
    "Facts",
    "Fault",
    "FaultKind",
    "Ids",
    "Kept",
    "Kind",
    "LatePrice",
    "ListedNumbers",
    "Message",
    "Numbers",
    "OddRow",
    "Options",
    "Phone",
    "PseudoSenders",
    "PushBody",
    "Pushes",
    "Simulator",
    "Status",
    "Stored",
    "Template",
    "UnknownIds",
    "When",
]
