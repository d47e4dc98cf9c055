task-due = due { $t }
task-list = 📝 Open tasks: { $n }
task-none = No open tasks. A new one: /form
task-gaps = No task was given: it needs what to do and for whom. Start again: /form
task-told-done = ✅ { $who }: done “{ $what }”
task-told-open = { $who }: open again “{ $what }”
b-task-done = Done
