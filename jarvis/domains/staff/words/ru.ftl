all_branches = все филиалы
digest = 🗒 <b>{ $branch }, { $date }</b>
settings =
    <b>Настройки</b>
    Язык: { $language }
    Сводка: { $digest }
    Тишина: { $muted }
yes = да
no = нет
digest-at = в { $h }:00
digest-never = не присылать
b-digest-off = Без сводки
b-mute = Тишина
b-unmute = Со звуком
b-report = Сообщить об ошибке
invite-wait = Заявка принята. Администратор подтвердит, и я напишу.
invite-card =
    ❓ <b>Привязать Telegram?</b>
    Сотрудник: { $name }
    Telegram id: <code>{ $id }</code>
invite-bad = Приглашение не действует: попросите у администратора новое.
invite-yes = Привязано: { $name } · { $who }
invite-no = Отклонено: { $name } · { $who }
invite-settled = Уже решено: { $name }
invite-declined = Администратор не подтвердил привязку.
role-employee = сотрудник
role-branch_head = руководитель филиала
role-department_head = руководитель подразделения
role-director = директор
role-sales = отдел продаж
role-marketing = маркетинг
role-accountant = бухгалтер
role-mechanic = механик
role-admin = администратор
role-prompt_engineer = инженер промптов
staff-hired =
    👤 { $name }: перешлите ссылку лично, действует 3 дня. Когда человек её нажмёт, администратор подтвердит.
    { $link }
staff-branch = 📍 { $name }: филиал заведён. Дальше: создайте группу «Branch_{ $code } (forum)», включите темы, добавьте меня администратором; я спрошу, для чего она.
cannot-self = Себе роль и филиал не назначают.
cannot-left = { $name } больше не работает.
cannot-name = Нужны имя и фамилия.
cannot-works_here = { $name } уже работает.
cannot-needs_branch = Для этой роли нужен филиал.
cannot-code = Код филиала «{ $code }» не подходит: латинские буквы и дефис.
cannot-branch_there = Филиал { $code } уже есть.
card-do-grant = Назначить: { $role }{ $branch }
card-do-hire = Принять: { $role }
card-do-add_branch = Добавить филиал
card-field-role = Роль
card-field-name_ru = По-русски
card-field-name_en = По-английски
card-field-name_ka = По-грузински
write-grant = Роль или филиал
write-hire = Новый сотрудник
write-add_branch = Новый филиал
param-employee = сотрудник
param-role = роль
param-language = язык
param-branch = филиал
param-code = код
param-name_en = по-английски
param-name_ka = по-грузински
