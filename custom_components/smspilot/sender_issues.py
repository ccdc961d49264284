"""The repair issues about senders and texts that the API refuses."""

from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .account import Account
from .client import Kind, SenderRefused, TextRefused
from .const import URL_TEMPLATES
from .contacts.recipients import recipients
from .coordinator import AccountCoordinator
from .errors import api_text
from .events import SIGNAL_ENTRY_UPDATED, SIGNAL_REQUESTED, RequestResult
from .notices import Notices
from .options import Options
from .sender_choice import sender_names


class SenderIssues:
    """Raises and solves the notices of an account about senders and texts."""

    def __init__(self, account: Account, coordinator: AccountCoordinator, notices: Notices) -> None:
        self._account = account
        self._coordinator = coordinator
        self._notices = notices
        # The senders that were refused, with the `about` of the notice of each.
        self._refused: dict[str, str] = {}

    @callback
    def start(self) -> None:
        """Follow the account's signals until the entry is unloaded."""
        entry, hass = self._account.entry, self._account.hass
        requested = SIGNAL_REQUESTED.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, requested, self._review_request))
        changed = SIGNAL_ENTRY_UPDATED.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, changed, self._solve_unused))

    @callback
    def _review_request(self, requested: RequestResult) -> None:
        """Raise or solve the notices of a message's sender and of its kind of text."""
        # By kind, because 2WAY messages have a template of their own.
        about = requested.kind.value if requested.kind is not Kind.SMS else ""
        sender = requested.sender or ""
        match requested.error:
            case None:
                self._notices.solve("text_refused", about)
                self._solve_sender(sender)
            case SenderRefused() as err:
                self._raise_sender(sender, api_text(self._account.hass, err))
            case TextRefused() as err:
                self._notices.raise_(
                    "text_refused",
                    about,
                    error=api_text(self._account.hass, err),
                    message="{message}",  # a placeholder, because the text shows it literally
                    templates_url=URL_TEMPLATES,
                )

    def _raise_sender(self, sender: str, error: str) -> None:
        """Raise the notice of a sender; it can be repaired where the account's forms use it."""
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
        """Return the names of the account and of the recipients whose forms have this sender."""
        entry = self._account.entry
        users = [one.name for one in recipients(entry) if sender and one.sender == sender]
        own = Options.from_entry(entry).sender
        return [entry.title, *users] if (own or "") == sender else users

    def _new_about(self, sender: str) -> str:
        """Return the `about` of a new notice: empty for the account's own sender.

        The account's new sender gets its name where the former one still has the empty `about`.
        """
        own = Options.from_entry(self._account.entry).sender or ""
        return "" if sender == own and "" not in self._refused.values() else sender

    def _solve_sender(self, sender: str) -> None:
        if (about := self._refused.pop(sender, None)) is not None:
            for key in ("sender_refused", "action_sender_refused"):
                self._notices.solve(key, about)

    @callback
    def _solve_unused(self) -> None:
        """Solve the notices of senders that are no longer in any form of the account."""
        for sender, about in list(self._refused.items()):
            if not self._users(sender):
                self._notices.solve("sender_refused", about)
                if not self._notices.is_raised("action_sender_refused", about):
                    del self._refused[sender]
