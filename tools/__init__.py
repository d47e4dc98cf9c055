"""The tools of the model: typed, over the domains, each with its policy, behind a guard."""
