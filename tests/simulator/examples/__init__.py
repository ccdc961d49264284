"""Every example of the service's document, its slips corrected, as a table."""

from .account import ACCOUNT, BALANCE
from .base import Example
from .calls import FLASH_CALLS, VOICE
from .history import HISTORY
from .inbound import INBOUND, TWO_WAY
from .numbers import NUMBER_CHECKS
from .sending import SENDING
from .status import STATUS
from .untested import UNTESTED

EXAMPLES: tuple[Example, ...] = (
    *SENDING,
    *STATUS,
    *NUMBER_CHECKS,
    *VOICE,
    *FLASH_CALLS,
    *INBOUND,
    *TWO_WAY,
    *BALANCE,
    *ACCOUNT,
    *HISTORY,
)

__all__ = ["EXAMPLES", "UNTESTED", "Example"]
