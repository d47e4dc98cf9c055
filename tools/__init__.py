"""What the model may do: typed tools over the domains, each with its policy, behind a guard."""
