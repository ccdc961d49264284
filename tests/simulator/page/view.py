"""What the phone page shows, as JSON values."""

from typing import TYPE_CHECKING, Any, Final

from tests.simulator.codec import to_json
from tests.simulator.errors import texts
from tests.simulator.model import SERVICE_NUMBER, Message
from tests.simulator.state import BLACKLISTED

if TYPE_CHECKING:
    from tests.simulator.simulator import Simulator

# The whole state is sent at each change, and no user scrolls further.
_MESSAGES: Final = 200
_PUSHES: Final = 100


def view(sim: Simulator) -> dict[str, Any]:
    """Return all of it; a page that has lost its connection needs nothing else to go on."""
    messages = list(sim.messages.values())[-_MESSAGES:]
    written_to = {each.phone for each in messages}
    shown: dict[str, Any] = {
        "url": sim.url,
        "up": sim.is_up,
        "service_number": SERVICE_NUMBER,
        "accounts": [each for each in sim.accounts.values() if not each.emulator],
        "phones": [
            each
            for each in sim.phones.values()
            if each.number != BLACKLISTED or each.number in written_to
        ],
        "messages": [_message(each) for each in messages],
        "inbox": sim.inbox[-_MESSAGES:],
        "pushes": sim.pushes[-_PUSHES:],
        "faults": [each.kind for each in sim.faults.waiting],
        "options": sim.options,
        "spent": sum(each.price for each in sim.messages.values()),
    }
    result: dict[str, Any] = to_json(shown)
    return result


def _message(message: Message) -> dict[str, Any]:
    error_en, error_ru = texts(message.error) if message.error else ("", "")
    values: dict[str, Any] = to_json(message)
    return values | {"error_en": error_en, "error_ru": error_ru}
