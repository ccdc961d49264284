"""The service's error codes with their texts in both languages."""

from typing import Final, override

# Texts that stand in the document are taken from it to the letter; the rest follows its history.
ERRORS: Final[dict[int, tuple[str, str]]] = {
    10: ("INPUT data is required", "Нет входных данных"),
    11: ("Unknown INPUT format", "Неизвестный формат входных данных"),
    12: ("XML structure is invalid", "Неправильная структура XML"),
    13: ("JSON structure is invalid", "Неправильная структура JSON"),
    14: ("Unknown COMMAND", "Неизвестная команда"),
    100: ("APIKEY is required", "Не указан API-ключ"),
    101: ("APIKEY is invalid", "Неправильный API-ключ"),
    102: ("APIKEY is not found", "API-ключ не найден"),
    103: ("APIKEY not paid", "Ключ не оплачен"),
    104: ("APIKEY not activated", "Ключ ещё не активирован"),
    105: ("APIKEY blocked (empty)", "Требуется пополнить баланс"),
    106: ("User is blocked", "Пользователь заблокирован за спам/ошибки"),
    107: ("Account is restricted", "Учётная запись ограничена"),
    108: ("Phone is not confirmed", "Телефон не подтверждён"),
    109: ("Timeout", "Истекло время ожидания"),
    110: ("SYSTEM ERROR", "Системная ошибка"),
    111: ("Invalid phone", "Неправильный номер телефона"),
    112: ("SMS limit", "Недостаточно средств"),
    113: ("IP restriction", "Доступ с этого IP-адреса запрещён"),
    115: ("Invalid sender", "Неправильный отправитель"),
    116: ("Depricated sender", "Отправитель не разрешён"),
    117: ("Account restriction", "Ограничения тестового аккаунта"),
    118: ("Rate limit", "Слишком частая отправка"),
    122: ("Account is temporarily blocked", "Учётная запись временно заблокирована"),
    200: ("FROM is required", "Не указан отправитель"),
    201: ("FROM is invalid", "Неправильный отправитель"),
    202: ("FROM is depricated", "Отправитель запрещён"),
    203: ("FROM is not confirmed", "Отправитель не подтверждён"),
    204: ("FROM not found", "Отправитель не найден"),
    210: ("TO is required", "Не указан номер телефона"),
    211: ("TO is invalid", "Неправильный номер телефона"),
    212: ("Phone in black list", "Телефон в черном списке"),
    213: ("Unsupported zone", "Оператор не поддерживается"),
    214: ("Duplicate phone", "Номер телефона повторяется в списке"),
    215: ("Invalid phone length", "Неправильная длина номера телефона"),
    220: ("TEXT is required", "Не указан текст сообщения"),
    221: ("TEXT too long", "Слишком длинный текст"),
    223: ("Text is an advertisement", "Защита от спама (текст не соответствует шаблону)"),
    224: ("Spam protection (LINK)", "Защита от спама (ссылка в тексте)"),
    225: ("Spam protection (PHONE)", "Защита от спама (номер телефона в тексте)"),
    226: ("Spam protection (SENDER)", "Защита от спама (отправитель не подходит)"),
    227: (
        "Spam protection (SURVEY)",
        "Защита от спама (для опросов/голосований нужен спец. шаблон)",
    ),
    230: ("ID is invalid", "Неправильный код"),
    231: ("PACKET_ID is invalid", "Неправильный код пакета"),
    240: ("Invalid INPUT list", "Неправильный список"),
    241: ("You don't have enough money", "Нет денег"),
    242: ("SMS count limit (trial)", "Ограничение количества SMS (тестовый режим)"),
    243: ("Loop protection", "Защита от дубликатов"),
    247: ("Spam protection (TEMPLATE)", "Защита от спама (шаблон заблокирован)"),
    248: ("Spam protection (MIXED ALPHABETS)", "Защита от спама (разные алфавиты в слове)"),
    250: ("SEND_DATETIME", "Неправильная дата/время отправки"),
    260: ("Invalid callback", "Неправильный адрес скрипта приёма статусов"),
    270: ("TTL", "Неправильное время жизни сообщения"),
    275: ("Invalid validity", "Неправильный срок действия"),
    300: ("SMS server_id is required", "Не указан код сообщения"),
    301: ("SMS server_id is invalid", "Неправильный код сообщения"),
    302: ("SMS server_id not found", "Сообщение не найдено"),
    303: ("Invalid IDs list", "Ошибка запроса"),
    304: ("SERVER_PACKET_ID is invalid", "Неправильный код пакета"),
    400: ("User not found", "Пользователь не найден"),
    401: ("Invalid login details", "Ошибка в логине или пароле"),
    500: (
        "Invalid -since- format YYYY-MM-DD HH:II:SS",
        "Неправильный формат параметра -since- YYYY-MM-DD HH:II:SS",
    ),
    600: ("Expired", "Истекло время жизни сообщения"),
    601: ("Undeliverable", "Невозможно доставить"),
    602: ("Destination unreachable", "Абонент недоступен"),
    603: ("Rejected", "Отклонено оператором"),
    604: ("Undeliverable", "Невозможно доставить"),
    605: ("Refused by the subscriber", "Абонент отказался"),
}


def texts(code: int) -> tuple[str, str]:
    """Return the English and the Russian text of a code, known or not."""
    return ERRORS.get(code) or (f"Error {code}", f"Ошибка {code}")


class ApiError(Exception):
    """Refuse a request, as the service does."""

    def __init__(
        self,
        code: int,
        *,
        phone: str | None = None,
        status: int | None = None,
        status_ru: str | None = None,
    ) -> None:
        """Keep the code and what goes with it."""
        super().__init__(code)
        self.code = code
        self.phone = phone
        self.status = status
        self.status_ru = status_ru

    @override
    def __str__(self) -> str:
        """Name code and text."""
        return f"{self.code} {texts(self.code)[0]}"
