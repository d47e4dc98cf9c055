"""Words the models read: `<role>/instructions.md` (voice and task) and `<role>/policy.md` (what is
not allowed)."""
