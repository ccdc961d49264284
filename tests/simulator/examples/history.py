"""Section 12: the errors that the history of versions names, and still are answered."""

from tests.simulator.model import Blocked, Status
from tests.simulator.simulator import Simulator

from .base import Arrange, Example, as_it_is, stored, together

_SEND = "send=Hello&to=79087964781&apikey=XYZ"


def _private(sim: Simulator) -> None:
    sim.account.templates = []


def _strict(sim: Simulator) -> None:
    sim.options.strict_senders = True


def _guarded(sim: Simulator) -> None:
    sim.account.duplicate_guard = True


def _no_money(sim: Simulator) -> None:
    sim.account.balance *= 0
    sim.options.no_money_code = 112


def _refused(code: int) -> Arrange:
    def arrange(sim: Simulator) -> None:
        sim.account.blocked = Blocked(code=code)

    return arrange


def _error(
    version: str, query: str, line: str, arrange: Arrange = as_it_is, slip: str = ""
) -> Example:
    return Example(
        section=f"12 {version} {line[:9]}", query=query, answer=line, arrange=arrange, slip=slip
    )


_SENT_BEFORE = together(stored((4566, "79087964781", "1.31", Status.DELIVERED)), _guarded)
_OLD = "no longer answered, by the document's history: only an account set up so in a test does"

HISTORY = (
    _error("1.9.13", _SEND, "ERROR=223: TEXT IS AN ADVERTISEMENT", _private),
    _error("1.9.13", "send=Hello&to=7908&apikey=XYZ", "ERROR=215: INVALID PHONE LENGTH"),
    _error("1.9.11", f"{_SEND}&callback=status.php", "ERROR=260: INVALID CALLBACK"),
    _error("1.9.11", f"{_SEND}&ttl=0", "ERROR=270: TTL"),
    _error("1.8.91", _SEND, "ERROR=243: LOOP PROTECTION", _SENT_BEFORE),
    _error("1.8.9", "login=XXX&password=", "ERROR=401: INVALID LOGIN DETAILS"),
    _error("1.8.9", f"{_SEND}&from=%3F%3F", "ERROR=115: INVALID SENDER", _strict),
    _error("1.8.9", f"{_SEND}&from=Stranger", "ERROR=116: DEPRICATED SENDER", _strict),
    _error("1.8.9", f"{_SEND}&send_datetime=2010-06-03%2009:45:41", "ERROR=250: SEND_DATETIME"),
    _error(
        "1.8.9",
        "login=XXX&password=YYY",
        "ERROR=400: USER NOT FOUND",
        slip="the space behind the colon is missing",
    ),
    _error("1.8.3", _SEND, "ERROR=117: ACCOUNT RESTRICTION", _refused(117), _OLD),
    _error("1.8.3", _SEND, "ERROR=103: APIKEY NOT PAID", _refused(103), _OLD),
    _error("1.8.3", _SEND, "ERROR=104: APIKEY NOT ACTIVATED", _refused(104), _OLD),
    _error("1.8.3", _SEND, "ERROR=105: APIKEY BLOCKED (EMPTY)", _refused(105), _OLD),
    _error("1.8.3", _SEND, "ERROR=112: SMS LIMIT", _no_money),
    _error("1.8.5", _SEND, "ERROR=118: RATE LIMIT", _refused(118), _OLD),
)
