"""An employee's own groups: topics of clients and of tasks, as the employee sees them; they move while somebody is away."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jarvis.engine.timing import Scheduler
from jarvis.entrypoints.wiring import CHECKS
from jarvis.kit import faults
from jarvis.kit.world import World, WorldForum
from tests.conftest import Servers
from tests.e2e.test_acting import move_clock
from tests.e2e.test_forms import press, write
from tests.e2e.test_forums import LASHA, posts, small_world, topics
from tests.house import until
from tests.telegram_house import Talk, open_talk

EKA, NINO = "Эка Абуладзе", "Нино Беридзе"
CLIENTS, EKAS = "Лаша Гогуадзе | Клиенты", "Эка Абуладзе | Клиенты"
TASKS, EKAS_TASKS = "Tasks | Лаша Гогуадзе", "Tasks | Эка Абуладзе"
MALIBU, RAV4 = "90001", "90002"
OLEG, EMMA, IGOR = "70001", "70002", "70013"
RUDIN = "Олег Рудин | Malibu 235"
LASHAS, EKAS_KEY, NINOS = "60004", "60005", "60003"


def own_groups() -> World:
    """Two cars in Tbilisi; groups of two employees; Нино has none."""
    world = small_world()
    own = [
        WorldForum(title=CLIENTS, purpose="personal", employee=LASHA, members=[LASHA]),
        WorldForum(title=EKAS, purpose="personal", employee=EKA, members=[EKA]),
        WorldForum(title=TASKS, purpose="tasks", employee=LASHA, members=[LASHA]),
        WorldForum(title=EKAS_TASKS, purpose="tasks", employee=EKA, members=[EKA]),
    ]
    cars = [c for c in world.cars if c.branch == "tbilisi"]
    bookings = [b for b in world.bookings if b.number in (1200, 1201)]  # Олег of Лаша in rent; Emma of Эка later
    return world.model_copy(update={"forums": own, "cars": cars, "bookings": bookings})


@pytest.fixture
async def talk(servers: Servers, tmp_path: Path) -> AsyncGenerator[Talk]:
    async with open_talk(servers, tmp_path, world=own_groups()) as opened:
        yield opened


async def change(talk: Talk, change_name: str, **args: Any) -> None:
    await talk.rentprog.change(change_name, args)
    await talk.quiet(30)


async def loaded(talk: Talk) -> None:
    """What stood in RentProg before has its topics: any event of each booking shows it."""
    await change(talk, "change_booking", booking="80001", field="description", value="a")
    await change(talk, "change_booking", booking="80002", field="description", value="b")


def card(talk: Talk, person: str, group: str, title: str) -> str:
    return str(posts(talk, person, group, title)[0]["text"])


async def test_a_booking_opens_its_clients_topic_and_card(talk: Talk) -> None:
    await loaded(talk)
    await change(talk, "create_booking", car=RAV4, client=IGOR, start="1", days="2", responsible=LASHAS)
    assert set(topics(talk, LASHA, CLIENTS)) == {RUDIN, "Игорь Пахомов | RAV4 118"}
    assert set(topics(talk, EKA, EKAS)) == {"Emma Lindqvist | Malibu 235"}
    shown = card(talk, LASHA, CLIENTS, RUDIN)
    assert "👤 Олег Рудин\nТелефон: +791 ••• •• •• 20\n🚗 Malibu 235 · TT-235-TT · Тбилиси\n📅 №1200 · в аренде: " in shown, (
        "an employee's group shows no whole phone"
    )
    assert "Ответственный: Лаша Гогуадзе" in shown
    assert talk.seen(LASHA) == [], "nobody is written to about it"
    pinned = [m for m in talk.telegram.messages_of(LASHA, CLIENTS, topic=RUDIN) if m.get("pinned")]
    assert [m["text"] for m in pinned] == [shown]


async def test_two_clients_of_one_name_never_share_a_topic(talk: Talk) -> None:
    await loaded(talk)
    await change(talk, "rename_client", client=IGOR, name="Олег", lastname="Рудин")
    await change(talk, "create_booking", car=MALIBU, client=IGOR, start="20", days="2", responsible=LASHAS)
    chat = next(c for c in talk.telegram.chats_of(LASHA) if c["title"] == CLIENTS)
    same = [t["id"] for t in chat["topics"] if t["title"] == RUDIN]
    assert len(same) == 2
    cards = [m["text"] for n in same for m in talk.telegram.messages_of(LASHA, CLIENTS, topic=n) if "👤" in m["text"]]
    assert sorted("№1200" in c for c in cards) == [False, True]
    await change(talk, "swap_car", booking="80001", car=RAV4)
    assert sorted(t for t in topics(talk, LASHA, CLIENTS) if "Рудин" in t) == [RUDIN, "Олег Рудин | RAV4 118"]


async def test_the_title_follows_the_car_and_a_returning_client_finds_the_topic(talk: Talk) -> None:
    await loaded(talk)
    first = topics(talk, LASHA, CLIENTS)[RUDIN]
    await change(talk, "swap_car", booking="80001", car=RAV4)
    assert topics(talk, LASHA, CLIENTS)["Олег Рудин | RAV4 118"] == first
    await change(talk, "return_booking", booking="80001")
    assert set(topics(talk, LASHA, CLIENTS)) == set(), "nothing runs and nothing is planned"
    await change(talk, "create_booking", car=MALIBU, client=OLEG, start="30", days="3", responsible=LASHAS)
    assert topics(talk, LASHA, CLIENTS)[RUDIN] == first
    await move_clock(talk, timedelta(minutes=2))
    await change(talk, "extend_booking", booking="80003", days="1")
    assert "Аренд раньше: 1, первая 10.03.2026 12:00" in card(talk, LASHA, CLIENTS, RUDIN)


async def test_who_answers_for_a_client_has_the_topic_and_the_talk(talk: Talk) -> None:
    await loaded(talk)
    talk.telegram.send(LASHA, CLIENTS, "просил детское кресло", topic=topics(talk, LASHA, CLIENTS)[RUDIN])
    await talk.quiet()
    await change(talk, "give_booking", booking="80001", responsible=EKAS_KEY)
    assert set(topics(talk, LASHA, CLIENTS)) == set()
    told = [m["text"] for m in posts(talk, EKA, EKAS, RUDIN)]
    assert any("просил детское кресло" in text and "Лаша Гогуадзе" in text for text in told)
    await change(talk, "give_booking", booking="80001", responsible=NINOS)
    assert RUDIN not in topics(talk, EKA, EKAS), "Нино has no group of her own: the topic stands nowhere"
    await change(talk, "create_booking", car=RAV4, client=OLEG, start="9", days="2", responsible=LASHAS)
    assert "Олег Рудин | RAV4 118" in topics(talk, LASHA, CLIENTS), "of what comes later somebody with a group answers"
    lasha = await talk.core.staff.actor_by_name(LASHA)
    await talk.core.staff.dismiss(lasha.employee_id, by="test")
    await talk.quiet(30)
    group = next(c for c in talk.telegram.state.chats.values() if c.title == CLIENTS)
    assert all(t.closed for t in group.topics.values() if not t.deleted), "who has left answers for nobody"


@pytest.mark.slow
async def test_a_failure_at_any_point_of_a_handover_leaves_one_topic(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    await loaded(talk)
    monkeypatch.setattr(faults, "_watch", None)  # put back afterwards: the watch belongs to the whole process
    points = ("tx.before_commit", "tx.after_commit", "event.claimed", "event.handled", "effect.claimed", "effect.attempted",
              "effect.answered", "telegram.before_send", "telegram.sent")  # fmt: skip
    chance = random.Random(5)
    talk.start("scheduler")  # a change that RentProg told of in the same words before is read again after a while
    for n, point in enumerate(points):
        monkeypatch.setenv("JARVIS_FAULT", f"{point}:{chance.randint(1, 3)}:cut")  # the failure that this round is about
        faults.arm_again()
        to_eka = n % 2 == 0
        await change(talk, "give_booking", booking="80001", responsible=EKAS_KEY if to_eka else LASHAS)

        async def handed(to_eka: bool = to_eka) -> bool:
            await talk.quiet(90)
            return (RUDIN in topics(talk, EKA, EKAS), RUDIN in topics(talk, LASHA, CLIENTS)) == (to_eka, not to_eka)

        await until(handed, seconds=30)
    groups = [c for p in (LASHA, EKA) for c in talk.telegram.chats_of(p) if c["title"] in (CLIENTS, EKAS)]
    assert [sum(t["title"] == RUDIN for t in c["topics"]) for c in groups] == [1, 1], (
        "each group has one topic of the client, however often"
    )


@pytest.mark.slow
async def test_any_sequence_leaves_each_client_one_topic_where_it_belongs(talk: Talk) -> None:
    talk.start("scheduler")
    await loaded(talk)
    chance, workers = random.Random(17), {LASHAS: (LASHA, CLIENTS), EKAS_KEY: (EKA, EKAS), NINOS: None}
    for _ in range(14):
        what = chance.choice(["give", "give", "swap", "rename", "delete", "restart"])
        if what == "give":
            await talk.rentprog.change("give_booking", {"booking": "80001", "responsible": chance.choice(list(workers))})
        elif what == "swap":
            await talk.rentprog.change("swap_car", {"booking": "80001", "car": chance.choice([MALIBU, RAV4])})
        elif what == "rename":
            await talk.rentprog.change(
                "rename_client", {"client": OLEG, "name": chance.choice(["Олег", "Игорь"]), "lastname": "Рудин"}
            )
        elif what == "delete":
            titled = [(g, t["id"]) for p, g in ((LASHA, CLIENTS), (EKA, EKAS)) for c in talk.telegram.chats_of(p) if c["title"] == g
                      for t in c["topics"] if "Рудин" in t["title"] and not t["closed"]]  # fmt: skip
            for group, number in titled:
                await talk.telegram.change("delete_topic", {"topic": f"{group}/{number}"})
        else:
            await talk.stop("worker", "bot")
            talk.start("worker")
            talk.start("bot")
    await move_clock(talk, timedelta(minutes=2))
    await talk.quiet(60)
    await talk.core.journal.accept(
        source="test", kind="check.forums", dedup_key="late", payload={"due_at": "2026-03-12T11:00:00+00:00"}
    )
    data = talk.rentprog.data
    booking, client = data.bookings[80001], data.clients[70001]
    title = f"{client['name']} Рудин | {data.cars[booking['car_id']]['code']}"
    wanted = workers[str(booking["responsible_id"])]

    async def right() -> bool:
        await talk.quiet(60)
        shown = [(p, t) for p, g in ((LASHA, CLIENTS), (EKA, EKAS)) for t in topics(talk, p, g) if "Рудин" in t]
        return shown == ([(wanted[0], title)] if wanted else [])

    await until(right, seconds=60)


async def test_a_topic_deleted_by_hand_comes_back_with_its_talk(talk: Talk) -> None:
    await loaded(talk)
    talk.telegram.send(LASHA, CLIENTS, "оплатит картой", topic=topics(talk, LASHA, CLIENTS)[RUDIN])
    await talk.quiet()
    await talk.telegram.change("delete_topic", {"topic": f"{CLIENTS}/{topics(talk, LASHA, CLIENTS)[RUDIN]}"})
    await move_clock(talk, timedelta(minutes=2))
    await change(talk, "extend_booking", booking="80001", days="1")
    await talk.quiet(30)
    texts = [m["text"] for m in posts(talk, LASHA, CLIENTS, RUDIN)]
    assert any("👤 Олег Рудин" in t for t in texts)
    assert any("оплатит картой" in t for t in texts)


async def absence(talk: Talk, first: str, last: str, substitute: str = EKA) -> dict[str, Any]:
    """Лаша fills in the form of an absence; returns what he hears."""
    asked = await talk.ask(LASHA, "/form")
    await talk.press(LASHA, asked, "Отсутствие")
    await press(talk, "отпуск")
    await write(talk, first)
    await write(talk, last)
    await press(talk, substitute)
    await press(talk, "Отправить")
    return [m for m in talk.seen(LASHA) if m["text"].startswith("Записал")][-1]


async def pass_to(talk: Talk, **later: float) -> None:
    await move_clock(talk, timedelta(**later))
    await Scheduler(talk.core.db, talk.core.clock, [c for c in CHECKS if "rentprog" not in c.check and "digest" not in c.check]).tick()
    await talk.quiet(60)


async def test_topics_move_to_the_substitute_and_return(talk: Talk) -> None:
    await loaded(talk)
    heard = await absence(talk, "13.03", "14.03")
    assert heard["text"] == (
        "Записал: вас нет 13.03.2026 → 14.03.2026, заменяет Эка Абуладзе. Темы клиентов и задачи перейдут и вернутся сами."
    )
    assert RUDIN in topics(talk, LASHA, CLIENTS), "the day has not come"
    assert any("თქვენ ანაცვლებთ" in m["text"] for m in talk.seen(EKA))
    mine = topics(talk, LASHA, CLIENTS)[RUDIN]
    await pass_to(talk, hours=10)  # 00:30 on the 13th
    assert set(topics(talk, LASHA, CLIENTS)) == set()
    assert "ახლა ანაცვლებს: Эка Абуладзе" in card(talk, EKA, EKAS, RUDIN)
    talk.telegram.send(EKA, EKAS, "продлить до вечера", topic=topics(talk, EKA, EKAS)[RUDIN])
    await talk.quiet()
    await pass_to(talk, days=2)
    assert topics(talk, LASHA, CLIENTS)[RUDIN] == mine
    assert RUDIN not in topics(talk, EKA, EKAS)
    assert any("продлить до вечера" in m["text"] for m in posts(talk, LASHA, CLIENTS, RUDIN))


async def test_topics_stay_while_the_substitutes_group_cannot_take_them(talk: Talk) -> None:
    await loaded(talk)
    await talk.telegram.change("demote_bot", {"chat": EKAS})
    await talk.core.journal.accept(
        source="test", kind="check.forums", dedup_key="look", payload={"due_at": "2026-03-12T11:00:00+00:00"}
    )
    await talk.quiet(30)
    await absence(talk, "12.03", "14.03")
    await talk.quiet(30)
    assert RUDIN in topics(talk, LASHA, CLIENTS)


async def test_who_is_back_early_gets_the_topics_at_once(talk: Talk) -> None:
    await loaded(talk)
    heard = await absence(talk, "12.03", "14.03")
    await talk.quiet(30)
    assert RUDIN in topics(talk, EKA, EKAS)
    await talk.press(LASHA, heard, "Отменить: я на месте")
    await talk.quiet(30)
    assert RUDIN in topics(talk, LASHA, CLIENTS)
    assert RUDIN not in topics(talk, EKA, EKAS)
    again = next(m for m in talk.seen(LASHA) if m["id"] == heard["id"])
    assert again["text"] == "Отсутствие отменено: Лаша Гогуадзе, 12.03.2026 → 14.03.2026."
    assert again["buttons"] == []


async def give_task(talk: Talk, what: str, to: str = EKA) -> None:
    asked = await talk.ask(LASHA, "/form")
    await talk.press(LASHA, asked, "Задача")
    await write(talk, what)
    await press(talk, to)
    await write(talk, "15.03")
    await press(talk, "Отправить")
    await talk.quiet(30)


async def test_a_task_has_a_topic_until_it_is_done(talk: Talk) -> None:
    await give_task(talk, "Помыть Malibu 235")
    title = "Помыть Malibu 235"
    number = topics(talk, EKA, EKAS_TASKS)[title]
    head = posts(talk, EKA, EKAS_TASKS, title)[0]
    assert head["text"].startswith("📝 Помыть Malibu 235\n15.03.2026-მდე\nვისგან: Лаша Гогуадзе")
    await talk.telegram.press(EKA, EKAS_TASKS, head["id"], "მზადაა")
    await talk.telegram.press(EKA, EKAS_TASKS, head["id"], "მზადაა")
    await talk.quiet(30)
    assert set(topics(talk, EKA, EKAS_TASKS)) == set()
    done = next(m for m in talk.telegram.messages_of(EKA, EKAS_TASKS, topic=number) if m["id"] == head["id"])
    assert "✅ შესრულდა: Эка Абуладзе" in done["text"]
    told = [m["text"] for m in talk.seen(LASHA) if m["text"].startswith("✅ Эка")]
    assert told == ["✅ Эка Абуладзе: сделано «Помыть Malibu 235»"], "twice pressed, once told"
    await talk.telegram.press(EKA, EKAS_TASKS, head["id"], "სამუშაოში დაბრუნება")
    await talk.quiet(30)
    assert topics(talk, EKA, EKAS_TASKS)[title] == number


async def test_tasks_are_listed_and_done_in_private(talk: Talk) -> None:
    await give_task(talk, "Забрать ключи")
    listed = await talk.ask(EKA, "/tasks")
    assert "1. Забрать ключи · 15.03.2026-მდე · ← Лаша Гогуадзе" in listed["text"]
    assert "1. Забрать ключи · до 15.03.2026 · → Эка Абуладзе" in (await talk.ask(LASHA, "/tasks"))["text"]
    left = await talk.press(EKA, listed, "მზადაა 1")
    assert left["text"].startswith("ღია დავალებები არ არის")
    assert set(topics(talk, EKA, EKAS_TASKS)) == set()
