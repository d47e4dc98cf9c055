task-due = до { $t }
task-list = 📝 Открытых задач: { $n }
task-none = Открытых задач нет. Новая: /form
task-gaps = Задача не поставлена: нужно что сделать и кому. Начать снова: /form
task-told-done = ✅ { $who }: сделано «{ $what }»
task-told-open = { $who }: снова в работе «{ $what }»
b-task-done = Готово
