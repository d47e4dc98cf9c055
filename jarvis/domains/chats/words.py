"""Fixed sentences about chats, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "right.manage_topics": ("управление темами", "manage topics", "თემების მართვა"),
    "right.delete_messages": ("удаление сообщений", "delete messages", "შეტყობინებების წაშლა"),
    "right.pin_messages": ("закрепление сообщений", "pin messages", "შეტყობინებების მიმაგრება"),
    "right.invite_users": ("добавление участников", "add members", "წევრების დამატება"),
    "right.ban_users": ("удаление участников", "remove members", "წევრების წაშლა"),
    "member.link": (
        "👤 Ваша рабочая группа <b>{chat}</b>: {link}\nСсылка для вас одних, действует сутки.",
        "👤 Your work group <b>{chat}</b>: {link}\nThe link is for you alone and works for a day.",
        "👤 თქვენი სამუშაო ჯგუფი <b>{chat}</b>: {link}\nბმული მხოლოდ თქვენთვისაა და ერთი დღე მოქმედებს.",
    ),
    "member.not_removed": (
        "⚠️ {chat}: не могу убрать участника: {name} ({cause}). Уберите руками, право: удаление участников.",
        "⚠️ {chat}: cannot remove a member: {name} ({cause}). Remove them by hand; the right is: remove members.",
        "⚠️ {chat}: წევრს ვერ ვშლი: {name} ({cause}). წაშალეთ ხელით, უფლება: წევრების წაშლა.",
    ),
    "member.not_invited": (
        "⚠️ {chat}: не могу пригласить: {name} ({cause}). Добавьте руками.",
        "⚠️ {chat}: cannot invite: {name} ({cause}). Add them by hand.",
        "⚠️ {chat}: ვერ ვიწვევ: {name} ({cause}). დაამატეთ ხელით.",
    ),
    "member.gone": (
        "✅ {chat}: участник убран: {name}",
        "✅ {chat}: member removed: {name}",
        "✅ {chat}: წევრი წაიშალა: {name}",
    ),
    "member.report": (
        "👤 <b>{chat}</b>: состав не по списку",
        "👤 <b>{chat}</b>: members differ from the staff list",
        "👤 <b>{chat}</b>: შემადგენლობა სიას არ ემთხვევა",
    ),
    "member.out": ("Убираю: {list}", "Removing: {list}", "ვშლი: {list}"),
    "member.missing": ("Приглашаю: {list}", "Inviting: {list}", "ვიწვევ: {list}"),
    "member.strangers": (
        "Нет в списке сотрудников: {list}",
        "Not on the staff list: {list}",
        "თანამშრომელთა სიაში არ არის: {list}",
    ),
    "b.member.remove": ("Убрать: {name}", "Remove: {name}", "წაშლა: {name}"),
    "setup.purpose.personal": ("клиенты: {whose}", "clients: {whose}", "კლიენტები: {whose}"),
    "setup.purpose.tasks": ("задачи: {whose}", "tasks: {whose}", "დავალებები: {whose}"),
    "setup.title": ("Чаты компании", "The company's chats", "კომპანიის ჩატები"),
    "setup.purpose.branch_forum": ("форум: {whose}", "forum: {whose}", "ფორუმი: {whose}"),
    "setup.purpose.archive": ("архив материалов", "archive of material", "მასალების არქივი"),
    "setup.purpose.leaders": ("чат руководителей", "leaders' chat", "ხელმძღვანელების ჩატი"),
    "setup.purpose.sales": ("чат продаж", "sales chat", "გაყიდვების ჩატი"),
    "setup.purpose.marketing": ("чат маркетинга", "marketing chat", "მარკეტინგის ჩატი"),
    "setup.purpose.hq": ("главный чат машин", "main chat of cars", "მანქანების მთავარი ჩატი"),
    "setup.own": (
        "👤 Свои группы сотрудников ({n}): клиенты {clients}, задачи {tasks}",
        "👤 Employees' own groups ({n}): clients {clients}, tasks {tasks}",
        "👤 თანამშრომლების საკუთარი ჯგუფები ({n}): კლიენტები {clients}, დავალებები {tasks}",
    ),
    "setup.absent": ("нет группы", "no group", "ჯგუფი არ არის"),
    "setup.ready": (
        "Темы включены, прав хватает.",
        "Topics are on, the rights are there.",
        "თემები ჩართულია, უფლებები საკმარისია.",
    ),
    "setup.missing": ("Не хватает: {list}.", "Missing: {list}.", "აკლია: {list}."),
    "setup.ask": (
        "❓ Меня добавили в группу <b>{chat}</b>. {state} Для чего она?",
        "❓ I was added to the group <b>{chat}</b>. {state} What is it for?",
        "❓ ჯგუფში დამამატეს: <b>{chat}</b>. {state} რისთვის არის?",
    ),
    "setup.check": ("Проверить", "Check", "შემოწმება"),
    "setup.none": ("Не использовать", "Do not use", "არ გამოიყენო"),
    "setup.done": (
        "✅ <b>{chat}</b> · {purpose}. Дальше веду сам.",
        "✅ <b>{chat}</b> · {purpose}. I keep it from here on.",
        "✅ <b>{chat}</b> · {purpose}. შემდეგ მე ვმართავ.",
    ),
    "setup.unused": (
        "<b>{chat}</b>: не использую. Передумаете: добавьте меня заново.",
        "<b>{chat}</b>: not used. To change that, add me again.",
        "<b>{chat}</b>: არ ვიყენებ. თუ გადაიფიქრებთ, ხელახლა დამამატეთ.",
    ),
    "setup.taken": (
        "<b>{chat}</b>: это место занято группой {other}. Уберите меня оттуда и проверьте снова.",
        "<b>{chat}</b>: this place is taken by the group {other}. Remove me there and check again.",
        "<b>{chat}</b>: ეს ადგილი დაკავებულია ჯგუფით {other}. იქიდან ამომიღეთ და ხელახლა შეამოწმეთ.",
    ),
    "setup.denied": (
        "Чаты компании настраивает администратор.",
        "The company's chats are set up by an administrator.",
        "კომპანიის ჩატებს ადმინისტრატორი აყენებს.",
    ),
    "setup.need.forum": (
        "темы (настройки группы → Темы)",
        "topics (group settings → Topics)",
        "თემები (ჯგუფის პარამეტრები → თემები)",
    ),
    "setup.need.read_only": (
        "запрет писать для участников (настройки группы → Разрешения)",
        "no writing for members (group settings → Permissions)",
        "წევრებისთვის წერის აკრძალვა (ჯგუფის პარამეტრები → ნებართვები)",
    ),
    "setup.need.member": ("меня нет в группе", "I am not in the group", "ჯგუფში არ ვარ"),
    "setup.how": (
        "Как добавить: создайте группу, например «Branch_Batumi (forum)», включите темы, добавьте меня администратором (права: {rights}). Я спрошу здесь, для чего она, и всё проверю.",
        "How to add one: create a group, such as “Branch_Batumi (forum)”, switch topics on, add me as an administrator (rights: {rights}). I ask here what it is for and check everything.",
        "როგორ დავამატოთ: შექმენით ჯგუფი, მაგალითად „Branch_Batumi (forum)“, ჩართეთ თემები, დამამატეთ ადმინისტრატორად (უფლებები: {rights}). აქ გკითხავთ, რისთვის არის, და ყველაფერს შევამოწმებ.",
    ),
    "param.chat": ("чат", "chat", "ჩატი"),
}
