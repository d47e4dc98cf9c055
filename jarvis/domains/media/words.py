"""Fixed sentences about media, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "form.progress": ("{k} из {n}", "{k} of {n}", "{k} / {n}"),
    "b.form.list": ("📝 Чек-лист: {what}", "📝 Check-list: {what}", "📝 ჩეკლისტი: {what}"),
    "media.removed": (
        "Тема «{topic}»: медиа сохранено и убрано ({n} шт.), в темах его публикует Jarvis. К чему отнести?",
        "Topic “{topic}”: media stored and removed ({n}), Jarvis publishes it in topics. What does it belong to?",
        "თემა „{topic}“: მედია შენახულია და წაშლილია ({n} ც.), თემებში მას Jarvis აქვეყნებს. რას მიეკუთვნება?",
    ),
    "media.kept": (
        "Тема «{topic}»: медиа сохранено ({n} шт.), убрать не могу: не хватает права. К чему отнести?",
        "Topic “{topic}”: media stored ({n}), I lack the right to remove it. What does it belong to?",
        "თემა „{topic}“: მედია შენახულია ({n} ც.), წაშლის უფლება მაკლია. რას მიეკუთვნება?",
    ),
    "media.stored": (
        "Медиа сохранено ({n} шт.). К чему отнести?",
        "Media stored ({n}). What does it belong to?",
        "მედია შენახულია ({n} ც.). რას მიეკუთვნება?",
    ),
    "media.refused": (
        "Файл не принят: {why}. Сообщение осталось на месте.",
        "The file was not taken: {why}. Its message stays where it is.",
        "ფაილი არ მიიღეს: {why}. შეტყობინება ადგილზე დარჩა.",
    ),
    "media.filing": (
        "⏳ {what} · {n} шт.: раскладываю",
        "⏳ {what} · {n}: filing",
        "⏳ {what} · {n} ც.: ვალაგებ",
    ),
    "media.filed": (
        "✅ {what} · {n} шт.: сохранено в материалах машины",
        "✅ {what} · {n}: stored with the car's material",
        "✅ {what} · {n} ც.: შენახულია მანქანის მასალებში",
    ),
    "media.published": (
        "✅ {what} · {n} шт.: сохранено и показано в теме машины",
        "✅ {what} · {n}: stored and shown in the car's topic",
        "✅ {what} · {n} ც.: შენახულია და ნაჩვენებია მანქანის თემაში",
    ),
    "media.failed": (
        "Не разложено: {cause}. Файлы сохранены, ничего не потеряно.",
        "Not filed: {cause}. The files are stored, nothing is lost.",
        "არ დალაგდა: {cause}. ფაილები შენახულია, არაფერი დაკარგულა.",
    ),
    "media.settled": (
        "Этот набор уже разложен.",
        "This set is filed already.",
        "ეს ნაკრები უკვე დალაგებულია.",
    ),
    "house.lists": (
        "📝 <b>Чек-листы</b> · {what}",
        "📝 <b>Check-lists</b> · {what}",
        "📝 <b>ჩეკლისტები</b> · {what}",
    ),
    "house.nolists": (
        "Открытых и закрытых сегодня чек-листов нет · {what}",
        "No check-lists open or closed today · {what}",
        "ღია ან დღეს დახურული ჩეკლისტები არ არის · {what}",
    ),
    "house.undone": ("Не сделано: {list}", "Not done: {list}", "არ არის გაკეთებული: {list}"),
    "house.closed": ("закрыт {t}, {who}", "closed {t}, {who}", "დახურულია {t}, {who}"),
    "house.opens": (
        "{what}: открываю в личном чате.",
        "{what}: opening it in your private chat.",
        "{what}: ვხსნი პირად ჩატში.",
    ),
    "house.topic.made": (
        "🚗 {car}: тема в «{chat}» создаётся, спросите через минуту.",
        "🚗 {car}: the topic in “{chat}” is being made, ask again in a minute.",
        "🚗 {car}: თემა „{chat}“-ში იქმნება, ერთ წუთში მკითხეთ.",
    ),
    "carfile.papers": ("документы клиента", "papers of the client", "კლიენტის საბუთები"),
    "carfile.which": (
        "Материалы какой машины?",
        "The material of which car?",
        "რომელი მანქანის მასალები?",
    ),
    "carfile.nocar": (
        "Такой машины не нашёл. Пример: /car Malibu 235",
        "No such car. Example: /car Malibu 235",
        "ასეთი მანქანა ვერ ვიპოვე. მაგალითი: /car Malibu 235",
    ),
    "carfile.nothing": (
        "Материалов пока нет: пришлите фото в тему машины или сюда.",
        "No material yet: send photos to a car's topic or here.",
        "მასალები ჯერ არ არის: გამოაგზავნეთ ფოტო მანქანის თემაში ან აქ.",
    ),
    "carfile.denied": (
        "Материалы машин других филиалов видят их сотрудники и руководители.",
        "The material of other branches' cars is for their staff and for heads.",
        "სხვა ფილიალების მანქანების მასალებს მათი თანამშრომლები და ხელმძღვანელები ხედავენ.",
    ),
    "carfile.sets": ("наборов материалов {n}", "{n} sets of material", "მასალების ნაკრები {n}"),
    "carfile.none": ("материалов нет", "no material", "მასალები არ არის"),
    "carfile.files": ("{n} шт.", "{n} files", "{n} ც."),
    "carfile.more": (
        "Ещё {n}, в архиве машины",
        "{n} more, in the car's archive",
        "კიდევ {n}, მანქანის არქივში",
    ),
    "op.issue": ("Выдача", "Pick-up", "გაცემა"),
    "op.return": ("Приём", "Return", "მიღება"),
    "op.damage": ("Повреждение", "Damage", "დაზიანება"),
    "op.other": ("Другое", "Other", "სხვა"),
    "refuse.format": (
        "формат не из тех, что принимаю (JPEG, PNG, WebP, GIF, MP4, WebM, OGG, MP3)",
        "not a format that I take (JPEG, PNG, WebP, GIF, MP4, WebM, OGG, MP3)",
        "ასეთ ფორმატს არ ვიღებ (JPEG, PNG, WebP, GIF, MP4, WebM, OGG, MP3)",
    ),
    "refuse.kind": (
        "внутри не то, чем файл назван",
        "inside is something else than it says",
        "შიგნით სხვა რამეა",
    ),
    "refuse.extension": (
        "имя файла не подходит к содержимому",
        "the file's name does not fit its content",
        "ფაილის სახელი შიგთავსს არ შეესაბამება",
    ),
    "refuse.bomb": (
        "картинка слишком большая (больше 60 мегапикселей)",
        "the picture is too large (over 60 megapixels)",
        "სურათი ძალიან დიდია (60 მეგაპიქსელზე მეტი)",
    ),
    "refuse.truncated": (
        "файл оборван или повреждён",
        "the file is cut off or damaged",
        "ფაილი დაზიანებულია ან ბოლომდე არ არის",
    ),
    "refuse.polyglot": (
        "за картинкой спрятано что-то ещё",
        "something else is hidden behind the picture",
        "სურათის უკან სხვა რამეა დამალული",
    ),
    "refuse.heavy": (
        "файл слишком тяжёлый для проверки",
        "the file is too heavy to be checked",
        "ფაილი შემოწმებისთვის ძალიან მძიმეა",
    ),
    "refuse.gone": ("его уже нет в чате", "it is no longer in the chat", "ჩატში აღარ არის"),
    "refuse.other": (
        "Telegram его не отдал",
        "Telegram did not give it",
        "Telegram-მა ის არ გასცა",
    ),
    "param.operation": ("операция", "operation", "ოპერაცია"),
}
