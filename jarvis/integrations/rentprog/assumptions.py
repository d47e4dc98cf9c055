"""What we assume of RentProg without having seen it. Each is used from here only; check them in
production."""

TOKEN_SKEW_S = 10.0
"""A request token is renewed this long before `exp`; with a four-minute token a larger skew would
defeat the cache."""

TOKEN_LIFE_S = 180.0
"""Life of a token whose `exp` is absent or past."""

PAGE_CAP = 500
"""No list has more pages than this; beyond it the walk is cut and reported as partial."""

BOOKINGS_PAGE = 10
"""Bookings per page, whatever is asked for."""

ARRAY_FIELDS = frozenset({"values", "price_values"})
"""Fields whose two-element arrays are values, not [old, new] pairs."""

CURRENCY = "GEL"
"""Amounts of bookings and deposits are in the branch's currency."""

RETRY_ATTEMPTS = 3
"""Reads are tried this often on network failures and 5xx."""

RECEIVABLE_KINDS = {"debt": "debt", "due": "due"}
"""`receivables` tells money owed (`debt`) from money to be paid at pick-up (`due`) in its field
`kind`."""

EXTENSION_PRICE = "sum"
"""`extend_booking.price` is the sum for the added time, not the price of a day."""

NEW_BRANCH = "new_branch_id"
"""The argument of `update_car` that moves a car to another branch."""

NOTE_FIELD = "description"
"""`update_booking` takes the note of a booking under this name."""

AREA_OF_TOOL = {"update_car": "fleet"}
"""The area whose level decides over a write tool; all other tools that we use are `crm`."""

CANCELLED = "Отмена"
"""The state that the public API is given for a cancelled booking."""

CAR_PAGE = "https://rentprog.net/cars/{key}"
"""The page of a car in RentProg's own interface, by its RentProg id: the path was seen, the host is
taken from the API."""
