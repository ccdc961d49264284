"""Constants that several packages use."""

from datetime import timedelta
import logging
from typing import Final

LOGGER: Final = logging.getLogger(__package__)

DOMAIN: Final = "smspilot"
CURRENCY: Final = "RUB"

# An account (entry.data)
ENTRY_VERSION: Final = 1
CONF_LOGIN: Final = "login"
CONF_CLOUDHOOK_URL: Final = "cloudhook_url"
CONF_LEGACY_NAME: Final = "legacy_name"
SECTION_ADVANCED: Final = "advanced"

# Its options
CONF_SENDER: Final = "sender"
CONF_TEST_MODE: Final = "test_mode"
CONF_MESSAGE_TEMPLATE: Final = "message_template"
CONF_TWO_WAY_TEMPLATE: Final = "two_way_template"
CONF_MAX_PARTS: Final = "max_parts"
CONF_VERIFY_PUSHES: Final = "verify_pushes"
CONF_INBOUND_INTERVAL: Final = "inbound_interval"
CONF_LOW_BALANCE: Final = "low_balance"
CONF_DAILY_LIMIT: Final = "daily_limit"
CONF_RATE_LIMIT: Final = "rate_limit"
CONF_DEBUG_EMAIL: Final = "debug_email"
CONF_LONG_TEXTS: Final = "long_texts"
CONF_REFERRER: Final = "referrer"
CONF_TRANSLITERATE: Final = "transliterate"

# A recipient (subentry.data)
SUBENTRY_RECIPIENT: Final = "recipient"
# In a trigger's options, in place of a name.
ANYONE: Final = "*"
CONF_PHONES: Final = "phones"
CONF_CHANNEL: Final = "channel"
CONF_ASSIST: Final = "assist"
CONF_PIN: Final = "pin"

# An alarm (subentry.data)
SUBENTRY_ALARM: Final = "alarm"
CONF_CODE: Final = "code"
CONF_END_MESSAGE: Final = "end_message"
CONF_ENDS_WITH_SOURCES: Final = "ends_with_sources"
CONF_FALLBACK: Final = "fallback"
CONF_HOLD: Final = "hold"
CONF_MESSAGE: Final = "message"
CONF_PICK_UP: Final = "pick_up"
CONF_RECIPIENTS: Final = "recipients"
CONF_REMIND: Final = "remind"
CONF_ROUNDS: Final = "rounds"
CONF_SOURCES: Final = "sources"
CONF_STEPS: Final = "steps"
CONF_TELL_OTHERS: Final = "tell_others"
CONF_WAIT: Final = "wait"
SECTION_START: Final = "start"
SECTION_ANSWERS: Final = "answers"
SECTION_AFTERWARDS: Final = "afterwards"

# Fields of actions, events and send results
ATTR_ALARM: Final = "alarm"
ATTR_ANSWERS: Final = "answers"
ATTR_BY: Final = "by"
ATTR_CODE: Final = "code"
ATTR_LIMIT: Final = "limit"
ATTR_MESSAGE: Final = "message"
ATTR_MESSAGE_IDS: Final = "message_ids"
ATTR_METHOD: Final = "method"
ATTR_OFFSET: Final = "offset"
ATTR_PACKET_ID: Final = "packet_id"
ATTR_PERIOD: Final = "period"
ATTR_PHONE: Final = "phone"
ATTR_PHONES: Final = "phones"
ATTR_QUESTION: Final = "question"
ATTR_RECIPIENTS: Final = "recipients"
ATTR_RETRY_FOR: Final = "retry_for"
ATTR_SCOPE: Final = "scope"
ATTR_SEND_AT: Final = "send_at"
ATTR_SENDER: Final = "sender"
ATTR_SENTENCES: Final = "sentences"
ATTR_SINCE: Final = "since"
ATTR_TEST: Final = "test"
ATTR_TIME_TO_LIVE: Final = "time_to_live"
ATTR_TIMEOUT: Final = "timeout"
ATTR_TRANSLITERATE: Final = "transliterate"
ATTR_TWO_WAY: Final = "two_way"
ATTR_URGENT: Final = "urgent"
ATTR_VOICE: Final = "voice"
ATTR_WAIT: Final = "wait"

EVENT_SMS_RECEIVED: Final = f"{DOMAIN}_sms_received"
EVENT_REPLY_RECEIVED: Final = f"{DOMAIN}_reply_received"
EVENT_MESSAGE_STATUS: Final = f"{DOMAIN}_message_status"
EVENT_ALARM: Final = f"{DOMAIN}_alarm"

# The limit of what Assist's answers may spend; the other limits are options.
LIMIT_ASSIST: Final = "assist_limit"

DEFAULT_RETRY_FOR: Final = timedelta(minutes=2)
DEFAULT_CHECK_WAIT: Final = timedelta(minutes=1)
DEFAULT_ASK_TIMEOUT: Final = timedelta(minutes=5)
DEFAULT_MAX_AGE: Final = timedelta(minutes=10)
MAX_WAIT: Final = timedelta(hours=24)
# How long a question is open, and how far back the inbound list is read.
HORIZON: Final = timedelta(hours=72)

# Pages of the vendor's site, for links in texts.
URL_TOP_UP: Final = "https://smspilot.ru/my-order.php"
URL_SETTINGS: Final = "https://smspilot.ru/my-settings.php"
URL_TEMPLATES: Final = "https://smspilot.ru/my-template.php"
URL_SENDERS: Final = "https://smspilot.ru/my-sender.php"
