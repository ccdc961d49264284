"""Write an alarm's texts, no two of which to one number are the same within a day."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..contacts.recipients import Channel
from ..runtime.journal import Journal, Table, stored_time
from .sends import Purpose, Send
from .state import Run

# The cabinet's duplicate guard can be set to a day; an hour more, as clocks differ.
REMEMBERED: Final = timedelta(hours=25)
_PREFIX: Final = "alarm_"
_ENDS_OF_SENTENCES: Final = ".!?…:;)"

# Returns the whole text for a message.
type Build = Callable[[str], str]
# Returns as much of a message as fits into the whole text.
type Shorten = Callable[[str, Build], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes a run's texts in Home Assistant's language.

    `account` is the contract number, `service_number` the number that answers go to, if known.
    """

    phrases: Mapping[str, str]
    account: str
    service_number: str | None = None

    def write(self, run: Run, send: Send, shorten: Shorten, is_new: Callable[[str], bool]) -> str:
        """Return the text of a send: the first variant for which `is_new` is true."""
        for build in self._variants(run, send):
            text = build(
                shorten(
                    run.end_message if send.key.purpose is Purpose.ENDED else run.message, build
                )
            )
            if is_new(text):
                return text
        raise AssertionError

    def _variants(self, run: Run, send: Send) -> Iterator[Build]:
        """Return longer and longer variants; the last ones are numbered, without end."""
        if send.key.purpose is Purpose.STEP:
            builds = [self._step(run, send, mark) for mark in self._marks(run, send)]
        else:
            builds = [self._information(run, send)]
        yield from builds
        last, began = builds[-1], self._clock(run.since or run.started_at, seconds=True)
        yield lambda message: f"{last(message)} ({began})"
        for number in count(2):
            yield lambda message, number=number: f"{last(message)} ({began}, {number})"  # type: ignore[misc]

    def _marks(self, run: Run, send: Send) -> list[Build]:
        """Return the beginnings of a step's text: which reminder it is, and since when."""
        reached = run.reached.get(send.key.recipient)
        number = reached.count + 1 if reached else 1
        began = self._clock(run.started_at)

        def plain(message: str) -> str:
            return message if number == 1 else self._say("reminder", number=number, message=message)

        def since(message: str) -> str:
            if number == 1:
                return self._say("since", time=began, message=message)
            return self._say("reminder_since", number=number, time=began, message=message)

        return [since] if run.late else [plain, since]

    def _step(self, run: Run, send: Send, mark: Build) -> Build:
        def build(message: str) -> str:
            sentences = [mark(message)]
            if run.acknowledged_before_by:
                at = self._clock(run.acknowledged_before_at)
                sentences.append(
                    self._say("taken_before", name=run.acknowledged_before_by, time=at)
                )
            if run.declined:
                sentences.append(self._say("declined", names=", ".join(run.declined)))
            if how := self._how_to_take(run, send):
                sentences.append(how)
            return _joined(sentences)

        return build

    def _how_to_take(self, run: Run, send: Send) -> str | None:
        """Return the sentence on how to acknowledge by text; None for a call."""
        match send.channel:
            case Channel.TWO_WAY if run.code:
                return self._say("reply_code", code=run.code)
            case Channel.TWO_WAY:
                return self._say("reply")
            case Channel.SMS if self.service_number:
                return self._say(
                    "write",
                    words=f"{self.account} {run.code or 'ok'}",
                    number=self.service_number,
                )
            case _:
                return None

    def _information(self, run: Run, send: Send) -> Build:
        match send.key.purpose:
            case Purpose.TAKEN:
                return lambda message: self._say(
                    "taken", name=run.acknowledged_by or "", message=message
                )
            case Purpose.UPDATE:
                return lambda message: self._say("update", message=message)
            case _:
                return str

    def fallback(self, run: Run, alarm: str, why: str) -> str:
        """Return the text for the fallback entities, used when nothing can be sent."""
        return self._say("fallback", alarm=alarm, message=run.message, why=why)

    def _say(self, key: str, **values: object) -> str:
        return self.phrases[key].format(**values)

    @staticmethod
    def _clock(moment: datetime | None, *, seconds: bool = False) -> str:
        local = dt_util.as_local(moment or dt_util.utcnow())
        return local.strftime("%H:%M:%S" if seconds else "%H:%M")


class TextMemory:
    """The texts of an account's alarms of the last day, by number, as fingerprints."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._texts: dict[str, dict[str, datetime]] = {}

    def restore(self, table: Table) -> None:
        """Load the journal's table."""
        for phone, texts in table.items():
            self._texts[phone] = {str(key): stored_time(at) for key, at in texts.items()}

    def table(self) -> Table:
        """Return the fingerprints as the journal stores them."""
        return {phone: self._stored(phone) for phone in self._texts}

    def is_new(self, phones: Iterable[str], text: str) -> bool:
        """Return whether none of the numbers had the text within a day."""
        key, since = _fingerprint(text), dt_util.utcnow() - REMEMBERED
        known = (self._texts.get(phone, {}).get(key) for phone in phones)
        return not any(at and at > since for at in known)

    def add(self, phones: Iterable[str], text: str) -> None:
        """Remember a text, before it is sent."""
        now = dt_util.utcnow()
        for phone in phones:
            texts = self._texts.get(phone, {})
            recent = {key: at for key, at in texts.items() if now - at < REMEMBERED}
            self._texts[phone] = recent | {_fingerprint(text): now}
            self._journal.put("alarm_texts", phone, self._stored(phone))

    def _stored(self, phone: str) -> Table:
        return {key: at.isoformat() for key, at in self._texts[phone].items()}


def phrases(hass: HomeAssistant) -> dict[str, str]:
    """Return the texts of alarms in Home Assistant's language."""
    path = f"component.{DOMAIN}.common.{_PREFIX}"
    texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return {key.removeprefix(path): text for key, text in texts.items() if key.startswith(path)}


def _joined(sentences: Iterable[str]) -> str:
    """Return sentences as one text, with a full stop between where one lacks it."""
    text = ""
    for sentence in filter(None, map(str.strip, sentences)):
        if text:
            text += " " if text[-1] in _ENDS_OF_SENTENCES else ". "
        text += sentence
    return text


def _fingerprint(text: str) -> str:
    """Return a hash of a text, regardless of case and spaces, as a guard may compare it."""
    return sha256(" ".join(text.casefold().split()).encode()).hexdigest()[:16]
