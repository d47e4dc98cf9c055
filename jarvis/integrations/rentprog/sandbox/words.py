"""What a person reads of RentProg's sandbox: changes, their arguments, faults, ledger, records."""

from __future__ import annotations

from collections.abc import Mapping

from jarvis.kit.sandbox_manifest import Fault, Title

CHANGES: Mapping[str, Title] = {
    "move_car": Title(
        "Авто переехало в другой филиал",
        "A car moved to another branch",
        "მანქანა სხვა ფილიალში გადავიდა",
    ),
    "set_car_state": Title(
        "Сменилось состояние авто", "A car's state changed", "მანქანის მდგომარეობა შეიცვალა"
    ),
    "set_mileage": Title("Изменился пробег", "Mileage changed", "გარბენი შეიცვალა"),
    "extend_booking": Title("Бронь продлили", "A booking was extended", "ჯავშანი გახანგრძლივდა"),
    "change_booking": Title(
        "Бронь изменили (любое поле)",
        "A booking was changed (any field)",
        "ჯავშანი შეიცვალა (ნებისმიერი ველი)",
    ),
    "create_booking": Title("Новая бронь", "New booking", "ახალი ჯავშანი"),
    "swap_car": Title(
        "На бронь поставили другое авто", "A booking got another car", "ჯავშანს სხვა მანქანა მიეცა"
    ),
    "give_booking": Title(
        "У брони сменился ответственный",
        "Somebody else answers for a booking",
        "ჯავშნის პასუხისმგებელი შეიცვალა",
    ),
    "issue_booking": Title("Машину выдали", "A car was handed over", "მანქანა გაიცა"),
    "return_booking": Title("Машину вернули", "A car was returned", "მანქანა დაბრუნდა"),
    "cancel_booking": Title("Бронь отменили", "A booking was cancelled", "ჯავშანი გაუქმდა"),
    "rename_client": Title(
        "Клиента переименовали", "A client was renamed", "კლიენტს სახელი შეეცვალა"
    ),
    "pay_debt": Title(
        "Долг оплачен (вебхука нет)",
        "A debt was paid (no webhook)",
        "ვალი გადაიხადეს (ვებჰუკის გარეშე)",
    ),
}
FIELDS: Mapping[str, Title] = {
    "car": Title("Авто", "Car", "მანქანა"),
    "branch": Title("Куда", "Where to", "სად"),
    "state": Title("Состояние", "State", "მდგომარეობა"),
    "mileage": Title("Пробег, км", "Mileage, km", "გარბენი, კმ"),
    "booking": Title("Бронь", "Booking", "ჯავშანი"),
    "days": Title("На сколько суток", "For how many days", "რამდენი დღით"),
    "field": Title("Поле", "Field", "ველი"),
    "value": Title("Значение", "Value", "მნიშვნელობა"),
    "client": Title("Клиент", "Client", "კლიენტი"),
    "responsible": Title("Ответственный", "Responsible", "პასუხისმგებელი"),
    "start": Title("Через сколько суток", "In how many days", "რამდენ დღეში"),
    "name": Title("Имя", "First name", "სახელი"),
    "lastname": Title("Фамилия", "Last name", "გვარი"),
}
STATES: Mapping[str, Title] = {
    "1": Title("можно выдавать", "can be issued", "შეიძლება გაცემა"),
    "2": Title("в ремонте", "under repair", "რემონტში"),
    "3": Title("критическое состояние", "critical", "კრიტიკული მდგომარეობა"),
    "4": Title("долгосрочная аренда", "long-term rental", "გრძელვადიანი ქირაობა"),
    "5": Title("не выдавать", "not for issue", "არ გაიცემა"),
    "6": Title("нужно обслуживание", "needs service", "სჭირდება მომსახურება"),
}
FAULTS = (
    Fault(kind="down", title=Title("Не отвечает", "Does not answer", "არ პასუხობს")),
    Fault(kind="slow", title=Title("Медленно", "Slow", "ნელა")),
    Fault(kind="duplicate", title=Title("Дубли", "Doubles", "დუბლები")),
    Fault(kind="drop", title=Title("Теряет", "Loses", "კარგავს")),
    Fault(kind="rate_limit", title=Title("Лимит", "Limit", "ლიმიტი")),
    Fault(kind="garble", title=Title("Мусор", "Rubbish", "ნაგავი"), on_the_desk=False),
    Fault(
        kind="reorder",
        title=Title("Не по порядку", "Out of order", "არეული რიგი"),
        on_the_desk=False,
    ),
    Fault(kind="refuse", title=Title("Отказ", "Refuses", "უარი"), on_the_desk=False),
    Fault(
        kind="expire_token",
        title=Title("Токен истёк", "Token expired", "ტოკენს ვადა გაუვიდა"),
        on_the_desk=False,
    ),
    Fault(kind="hang", title=Title("Висит", "Hangs", "გაჭედილია"), on_the_desk=False),
    Fault(
        kind="lose_answer",
        title=Title("Ответ теряется", "Answer lost", "პასუხი იკარგება"),
        on_the_desk=False,
    ),
    Fault(
        kind="expire_preview",
        title=Title("Предпросмотр истёк", "Preview expired", "წინასწარ ნახვას ვადა გაუვიდა"),
        on_the_desk=False,
    ),
    Fault(
        kind="outcome_unknown",
        title=Title("Исход неизвестен", "Outcome unknown", "შედეგი უცნობია"),
        on_the_desk=False,
    ),
    Fault(
        kind="pending",
        title=Title("Ждёт согласования", "Waits for consent", "ელოდება თანხმობას"),
        on_the_desk=False,
    ),
    Fault(
        kind="accept",
        title=Title(
            "Принято, но не сделано", "Accepted, not yet done", "მიღებულია, ჯერ არ შესრულებულა"
        ),
        on_the_desk=False,
    ),
    Fault(
        kind="stale",
        title=Title("Запись устарела", "Record is stale", "ჩანაწერი მოძველდა"),
        on_the_desk=False,
    ),
    Fault(
        kind="fail",
        title=Title("Операция не удалась", "Operation fails", "ოპერაცია ვერ სრულდება"),
        on_the_desk=False,
    ),
    Fault(
        kind="inject",
        title=Title("Чужие указания в ответе", "Orders in the answer", "მითითებები პასუხში"),
        on_the_desk=False,
    ),
)
LEDGER: Mapping[str, Title] = {
    "create_booking": Title("Новая бронь", "New booking", "ახალი ჯავშანი"),
    "update_booking": Title("Изменение брони", "Change of booking", "ჯავშნის შეცვლა"),
    "booking_status": Title("Статус брони", "State of booking", "ჯავშნის სტატუსი"),
    "extend_booking": Title("Продление", "Extension", "გახანგრძლივება"),
    "update_car": Title("Изменение авто", "Change of car", "მანქანის შეცვლა"),
}
TABLES: Mapping[str, Title] = {
    "cars": Title("Авто", "Cars", "მანქანები"),
    "bookings": Title("Брони", "Bookings", "ჯავშნები"),
    "clients": Title("Клиенты", "Clients", "კლიენტები"),
}
COLUMNS: Mapping[str, Title] = {
    "car": Title("Авто", "Car", "მანქანა"),
    "plate": Title("Госномер", "Plate", "ნომერი"),
    "branch": Title("Филиал", "Branch", "ფილიალი"),
    "state": Title("Состояние", "State", "მდგომარეობა"),
    "mileage": Title("Пробег, км", "Mileage, km", "გარბენი, კმ"),
    "number": Title("№", "No.", "№"),
    "client": Title("Клиент", "Client", "კლიენტი"),
    "start": Title("С", "From", "დან"),
    "end": Title("По", "To", "მდე"),
    "debt": Title("Долг", "Debt", "ვალი"),
    "responsible": Title("Ответственный", "Responsible", "პასუხისმგებელი"),
    "name": Title("Имя", "Name", "სახელი"),
    "phone": Title("Телефон", "Phone", "ტელეფონი"),
    "category": Title("Категория", "Category", "კატეგორია"),
}
