task-due = { $t }-მდე
task-list = 📝 ღია დავალებები: { $n }
task-none = ღია დავალებები არ არის. ახალი: /form
task-gaps = დავალება არ შეიქმნა: საჭიროა რა და ვის. თავიდან: /form
task-told-done = ✅ { $who }: შესრულდა „{ $what }“
task-told-open = { $who }: ისევ სამუშაოშია „{ $what }“
b-task-done = მზადაა
