"""The answers that the questions the document leaves open may have."""

from enum import StrEnum


class UnknownIds(StrEnum):
    """How an id is answered that `check` does not know."""

    ROW = "row"
    MISSING = "missing"
    ERROR = "error"


class CodeStyle(StrEnum):
    """The type of `error.code` in JSON."""

    # As the examples have it: 111 is a string, the others are integers.
    DOCUMENT = "document"
    INT = "int"
    STR = "str"


class Facts(StrEnum):
    """Where the extra facts of HLRVIP stand."""

    FIELDS = "fields"
    KEY_VALUE = "key_value"
    JSON = "json"


class Pushes(StrEnum):
    """Whether pushes are made."""

    ON = "on"
    OFF = "off"
    # Kept until `flush_pushes`.
    HOLD = "hold"


class PushBody(StrEnum):
    """How the body of a POST push is written."""

    FORM = "form"
    MULTIPART = "multipart"
    JSON = "json"
    CP1251 = "cp1251"
    # The end of the body is missing.
    CUT = "cut"


class Stored(StrEnum):
    """What has become of a text by the time it is shown again."""

    AS_SENT = "as_sent"
    EMOJI_DROPPED = "emoji_dropped"
    # One question mark for each byte, as MySQL without utf8mb4 does.
    EMOJI_AS_QUESTION_MARKS = "emoji_as_question_marks"
    CUT_AT_EMOJI = "cut_at_emoji"
    HTML_ESCAPED = "html_escaped"
    # U+FE0F, which makes an emoji of a sign, is gone.
    NO_VARIATION_SELECTORS = "no_variation_selectors"
    STRAIGHT_QUOTES = "straight_quotes"
    # е for ё.
    PLAIN_YO = "plain_yo"
    TRIMMED = "trimmed"
    BLANKS_FOLDED = "blanks_folded"
    # Only what Windows' Cyrillic code page has; a question mark for all else.
    CP1251 = "cp1251"


class Numbers(StrEnum):
    """How a number is written."""

    PLAIN = "plain"
    # 8908…, as it is dialled in Russia and Kazakhstan; other countries stay as they are.
    EIGHT = "eight"
    PLUS = "plus"
    SPACED = "spaced"


class ListedNumbers(StrEnum):
    """How `check` shows the numbers of its lists, where it does not write them as elsewhere."""

    AS_ELSEWHERE = "as_elsewhere"
    # 9087964781, without the country code.
    NATIONAL = "national"
    # 7908***4781
    MASKED = "masked"
    EMPTY = "empty"


class Ids(StrEnum):
    """The order in which ids are given."""

    GROWING = "growing"
    FALLING = "falling"
    RANDOM = "random"


class Kept(StrEnum):
    """Which end of a list remains where it is capped."""

    # The rows that are shown first.
    FIRST = "first"
    NEWEST = "newest"
    OLDEST = "oldest"


class OddRow(StrEnum):
    """A row that cannot be understood, or not wholly."""

    NO_NUMBER = "no_number"
    EMPTY_NUMBER = "empty_number"
    NO_STATUS = "no_status"
    ODD_STATUS = "odd_status"
    NO_DATE = "no_date"
    ODD_DATE = "odd_date"
    NO_ID = "no_id"
    ID_ZERO = "id_zero"
    ODD_ID = "odd_id"
    NULLS = "nulls"
    # Not an object at all.
    NULL = "null"
    STRING = "string"


class LatePrice(StrEnum):
    """What stands for a price that is known only once the message has been sent."""

    NO = "no"
    ZERO = "zero"
    EMPTY = "empty"


class PseudoSenders(StrEnum):
    """The `sender` that is shown of a 2WAY message or a call."""

    AS_SENT = "as_sent"
    # The number that really texts or calls.
    NUMBER = "number"
    DEFAULT = "default"


class DateHeader(StrEnum):
    """The HTTP `Date` of an answer."""

    TRUE = "true"
    MISSING = "missing"
    UNREADABLE = "unreadable"
