"""What the API refuses of a message: its sender, or its text; each notice as long as it is true."""

from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .account import Account
from .client import Kind, SenderRefused, TextRefused
from .const import URL_TEMPLATES
from .contacts.recipients import recipients
from .coordinator import AccountCoordinator
from .errors import api_text
from .events import SIGNAL_PEOPLE, SIGNAL_REQUESTED, Requested
from .notices import Notices
from .options import Options
from .sender_choice import sender_names


class SenderIssues:
    """The notices of an account about senders and texts that the API refuses."""

    def __init__(self, account: Account, coordinator: AccountCoordinator, notices: Notices) -> None:
        """Watch nothing yet."""
        self._account = account
        self._coordinator = coordinator
        self._notices = notices
        # The senders that were refused, and what the notice of each is about.
        self._refused: dict[str, str] = {}

    @callback
    def start(self) -> None:
        """Watch for as long as the entry is loaded."""
        entry, hass = self._account.entry, self._account.hass
        requested = SIGNAL_REQUESTED.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, requested, self._requested))
        people = SIGNAL_PEOPLE.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, people, self._review))

    @callback
    def _requested(self, requested: Requested) -> None:
        """Take back or raise what is about a sender, or about a kind of text."""
        # Templates are approved for questions apart; what is spoken has none of its own.
        about = requested.kind.value if requested.kind is not Kind.SMS else ""
        sender = requested.sender or ""
        match requested.error:
            case None:
                self._notices.solve("text_refused", about)
                self._solve(sender)
            case SenderRefused() as err:
                self._refuse(sender, api_text(self._account.hass, err))
            case TextRefused() as err:
                self._notices.raise_(
                    "text_refused",
                    about,
                    error=api_text(self._account.hass, err),
                    message="{message}",  # in a text it would be a placeholder itself
                    templates_url=URL_TEMPLATES,
                )

    def _refuse(self, sender: str, error: str) -> None:
        """Raise a notice of a sender; the way out changes whoever uses it."""
        info = self._coordinator.data
        users = self._users(sender)
        self._notices.raise_(
            "sender_refused" if users else "action_sender_refused",
            self._refused.setdefault(sender, self._new_about(sender)),
            data={"sender": sender},
            error=error,
            sender=sender or "–",
            used_by=", ".join(users),
            senders=", ".join(sender_names(info.senders if info else ())) or "–",
        )

    def _users(self, sender: str) -> list[str]:
        """Return who sends with this sender: the account, and recipients with their own."""
        entry = self._account.entry
        users = [one.name for one in recipients(entry) if sender and one.sender == sender]
        own = Options.from_entry(entry).sender
        return [entry.title, *users] if (own or "") == sender else users

    def _new_about(self, sender: str) -> str:
        """Return what the notice of a sender is about; the account's own needs no name.

        Where its former sender is still complained of without a name, the new one has one.
        """
        own = Options.from_entry(self._account.entry).sender or ""
        return "" if sender == own and "" not in self._refused.values() else sender

    def _solve(self, sender: str) -> None:
        if (about := self._refused.pop(sender, None)) is not None:
            for key in ("sender_refused", "action_sender_refused"):
                self._notices.solve(key, about)

    @callback
    def _review(self) -> None:
        """Take back the notices of senders that nobody uses any more."""
        for sender, about in list(self._refused.items()):
            if not self._users(sender):
                self._notices.solve("sender_refused", about)
                if not self._notices.is_raised("action_sender_refused", about):
                    del self._refused[sender]
