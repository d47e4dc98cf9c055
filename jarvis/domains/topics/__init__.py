"""Topics of cars, clients and tasks: made, kept as the facts are, archived, and put right when
people changed them."""
