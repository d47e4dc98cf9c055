"""Fixed sentences about absences, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "absence.noted": (
        "Записал: вас нет {period}, заменяет {substitute}. Темы клиентов и задачи перейдут и вернутся сами.",
        "Noted: you are away {period}, {substitute} stands in. Topics of clients and tasks move and come back by themselves.",
        "ჩავინიშნე: თქვენ არ იქნებით {period}, ანაცვლებს {substitute}. კლიენტებისა და დავალებების თემები თავისით გადავა და დაბრუნდება.",
    ),
    "absence.alone": (
        "Записал: вас нет {period}. Замены нет: темы клиентов и задачи остаются у вас.",
        "Noted: you are away {period}. Nobody stands in: topics of clients and tasks stay with you.",
        "ჩავინიშნე: თქვენ არ იქნებით {period}. შემცვლელი არ არის: კლიენტებისა და დავალებების თემები თქვენთან რჩება.",
    ),
    "absence.standing": (
        "👤 Вы заменяете: {who}, {period}. Темы клиентов и задачи придут в ваши группы.",
        "👤 You stand in for {who}, {period}. Topics of clients and tasks come to your groups.",
        "👤 თქვენ ანაცვლებთ: {who}, {period}. კლიენტებისა და დავალებების თემები თქვენს ჯგუფებში მოვა.",
    ),
    "absence.over": (
        "👤 Замена больше не нужна: {who}, {period}.",
        "👤 No standing in any more: {who}, {period}.",
        "👤 ჩანაცვლება აღარ არის საჭირო: {who}, {period}.",
    ),
    "absence.cancelled": (
        "Отсутствие отменено: {who}, {period}.",
        "The absence is cancelled: {who}, {period}.",
        "არყოფნა გაუქმდა: {who}, {period}.",
    ),
    "absence.gaps": (
        "Отсутствие не записано: нужны первый и последний день. Начать снова: /form",
        "No absence was noted: it needs the first and the last day. Start again: /form",
        "არყოფნა არ ჩაიწერა: საჭიროა პირველი და ბოლო დღე. თავიდან: /form",
    ),
    "b.absence.back": ("Отменить: я на месте", "Cancel: I am here", "გაუქმება: ადგილზე ვარ"),
}
