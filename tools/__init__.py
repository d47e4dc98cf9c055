"""What the model may do: thin typed tools over the domains, each with its policy, behind a guard."""
