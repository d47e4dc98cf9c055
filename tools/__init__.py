"""What the model may do: thin typed tools over the domains, a guard, and the one policy table."""
