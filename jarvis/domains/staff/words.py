"""Fixed sentences about staff, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "all_branches": ("все филиалы", "all branches", "ყველა ფილიალი"),
    "digest": (
        "🗒 <b>{branch}, {date}</b>",
        "🗒 <b>{branch}, {date}</b>",
        "🗒 <b>{branch}, {date}</b>",
    ),
    "settings": (
        "<b>Настройки</b>\nЯзык: {language}\nСводка: {digest}\nТишина: {muted}",
        "<b>Settings</b>\nLanguage: {language}\nDigest: {digest}\nMute: {muted}",
        "<b>პარამეტრები</b>\nენა: {language}\nშეჯამება: {digest}\nჩუმი რეჟიმი: {muted}",
    ),
    "yes": ("да", "yes", "კი"),
    "no": ("нет", "no", "არა"),
    "digest.at": ("в {h}:00", "at {h}:00", "{h}:00"),
    "digest.never": ("не присылать", "off", "გამორთული"),
    "b.digest.off": ("Без сводки", "No digest", "შეჯამების გარეშე"),
    "b.mute": ("Тишина", "Mute", "ჩუმი"),
    "b.unmute": ("Со звуком", "Unmute", "ხმოვანი"),
    "b.report": ("Сообщить об ошибке", "Report a problem", "შეცდომის შეტყობინება"),
    "invite.wait": (
        "Заявка принята. Администратор подтвердит, и я напишу.",
        "Request received. An administrator will confirm and I will write.",
        "განაცხადი მიღებულია. ადმინისტრატორი დაადასტურებს და მოგწერთ.",
    ),
    "invite.card": (
        "❓ <b>Привязать Telegram?</b>\nСотрудник: {name}\nTelegram id: <code>{id}</code>",
        "❓ <b>Bind Telegram?</b>\nEmployee: {name}\nTelegram id: <code>{id}</code>",
        "❓ <b>დავუკავშირო Telegram?</b>\nთანამშრომელი: {name}\nTelegram id: <code>{id}</code>",
    ),
    "invite.bad": (
        "Приглашение не действует: попросите у администратора новое.",
        "This invitation is not valid: ask an administrator for a new one.",
        "მოსაწვევი არ მოქმედებს: სთხოვეთ ადმინისტრატორს ახალი.",
    ),
    "invite.yes": (
        "Привязано: {name} · {who}",
        "Bound: {name} · {who}",
        "დაკავშირებულია: {name} · {who}",
    ),
    "invite.no": (
        "Отклонено: {name} · {who}",
        "Declined: {name} · {who}",
        "უარყოფილია: {name} · {who}",
    ),
    "invite.settled": ("Уже решено: {name}", "Already settled: {name}", "უკვე გადაწყდა: {name}"),
    "invite.declined": (
        "Администратор не подтвердил привязку.",
        "The administrator did not confirm.",
        "ადმინისტრატორმა არ დაადასტურა.",
    ),
    "role.employee": ("сотрудник", "employee", "თანამშრომელი"),
    "role.branch_head": ("руководитель филиала", "branch head", "ფილიალის ხელმძღვანელი"),
    "role.department_head": (
        "руководитель подразделения",
        "department head",
        "დეპარტამენტის ხელმძღვანელი",
    ),
    "role.director": ("директор", "director", "დირექტორი"),
    "role.sales": ("отдел продаж", "sales", "გაყიდვები"),
    "role.marketing": ("маркетинг", "marketing", "მარკეტინგი"),
    "role.accountant": ("бухгалтер", "accountant", "ბუღალტერი"),
    "role.mechanic": ("механик", "mechanic", "მექანიკოსი"),
    "role.admin": ("администратор", "administrator", "ადმინისტრატორი"),
    "role.prompt_engineer": ("инженер промптов", "prompt engineer", "პრომპტ-ინჟინერი"),
    "staff.hired": (
        "👤 {name}: перешлите ссылку лично, действует 3 дня. Когда человек её нажмёт, администратор подтвердит.\n{link}",
        "👤 {name}: forward this link in person, valid 3 days. Once it is pressed, an administrator confirms.\n{link}",
        "👤 {name}: ბმული პირადად გადაუგზავნეთ, 3 დღე მოქმედებს. დაჭერის შემდეგ ადმინისტრატორი დაადასტურებს.\n{link}",
    ),
    "staff.branch": (
        "📍 {name}: филиал заведён. Дальше: создайте группу «Branch_{code} (forum)», включите темы, добавьте меня администратором; я спрошу, для чего она.",
        "📍 {name}: the branch is there. Next: create the group “Branch_{code} (forum)”, switch topics on, add me as an administrator; I will ask what it is for.",
        "📍 {name}: ფილიალი დამატებულია. შემდეგ: შექმენით ჯგუფი „Branch_{code} (forum)“, ჩართეთ თემები, დამამატეთ ადმინისტრატორად; გკითხავთ, რისთვისაა.",
    ),
    "cannot.self": (
        "Себе роль и филиал не назначают.",
        "Nobody appoints themselves.",
        "საკუთარ თავს როლს არ უნიშნავენ.",
    ),
    "cannot.left": ("{name} больше не работает.", "{name} has left.", "{name} აღარ მუშაობს."),
    "cannot.name": (
        "Нужны имя и фамилия.",
        "First and last name are needed.",
        "საჭიროა სახელი და გვარი.",
    ),
    "cannot.works_here": (
        "{name} уже работает.",
        "{name} works here already.",
        "{name} უკვე მუშაობს.",
    ),
    "cannot.needs_branch": (
        "Для этой роли нужен филиал.",
        "This role needs a branch.",
        "ამ როლს ფილიალი სჭირდება.",
    ),
    "cannot.code": (
        "Код филиала «{code}» не подходит: латинские буквы и дефис.",
        "The code “{code}” does not fit: Latin letters and hyphens.",
        "კოდი „{code}“ არ ვარგა: ლათინური ასოები და დეფისი.",
    ),
    "cannot.branch_there": (
        "Филиал {code} уже есть.",
        "The branch {code} is there already.",
        "ფილიალი {code} უკვე არსებობს.",
    ),
    "card.do.grant": (
        "Назначить: {role}{branch}",
        "Appoint: {role}{branch}",
        "დანიშვნა: {role}{branch}",
    ),
    "card.do.hire": ("Принять: {role}", "Hire: {role}", "აყვანა: {role}"),
    "card.do.add_branch": ("Добавить филиал", "Add the branch", "ფილიალის დამატება"),
    "card.field.role": ("Роль", "Role", "როლი"),
    "card.field.name_ru": ("По-русски", "In Russian", "რუსულად"),
    "card.field.name_en": ("По-английски", "In English", "ინგლისურად"),
    "card.field.name_ka": ("По-грузински", "In Georgian", "ქართულად"),
    "write.grant": ("Роль или филиал", "Role or branch", "როლი ან ფილიალი"),
    "write.hire": ("Новый сотрудник", "New employee", "ახალი თანამშრომელი"),
    "write.add_branch": ("Новый филиал", "New branch", "ახალი ფილიალი"),
    "param.employee": ("сотрудник", "colleague", "თანამშრომელი"),
    "param.role": ("роль", "role", "როლი"),
    "param.language": ("язык", "language", "ენა"),
    "param.branch": ("филиал", "branch", "ფილიალი"),
    "param.code": ("код", "code", "კოდი"),
    "param.name_en": ("по-английски", "in English", "ინგლისურად"),
    "param.name_ka": ("по-грузински", "in Georgian", "ქართულად"),
}
