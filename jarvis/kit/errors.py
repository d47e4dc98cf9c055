"""The error tree. A class exists because some boundary treats it differently.

JarvisError
├── ExpectedError            somebody asked for what we cannot do; never pages anyone
│   ├── InvalidRequest       the request is malformed; asking again in another way helps
│   ├── NotFound             nothing by that name
│   ├── Ambiguous            several candidates; a person must choose
│   ├── Conflict             the state of things forbids it
│   │   └── Impossible       a change that cannot be planned; its reason has words of its own
│   └── NotPermitted         this person may not
├── IntegrationError         an outside system failed
│   ├── Unavailable          network, time-out, 5xx; safe to try later
│   │   ├── LimitReached     a limit on calls: nothing was tried, and when it may be is known
│   │   └── OutcomeUnknown   a change was sent and no answer came: it may have happened
│   ├── AuthExpired          a person must renew a credential
│   ├── ContractBroken       the answer no longer parses
│   └── Rejected             the system understood and said no
├── LeaseLost                somebody else owns this row now; drop the work
└── SettingsMissing          the process cannot start without this setting
"""

from __future__ import annotations

from jarvis.kit.text import line


class JarvisError(Exception):
    """Base of every error this product raises on purpose."""


class ExpectedError(JarvisError):
    """Somebody asked for what we cannot do."""


class InvalidRequest(ExpectedError):
    """The request is malformed; the text says what to change."""


class NotFound(ExpectedError):
    """Nothing by that name."""


class Ambiguous(ExpectedError):
    """Several things have that name; `options` are labels for a person to choose from."""

    def __init__(self, message: str, options: tuple[str, ...]) -> None:
        super().__init__(message)
        self.options = options


class Conflict(ExpectedError):
    """The present state forbids it."""


class Impossible(Conflict):
    """A change that cannot be planned. `reason` is a key of the catalogue (`cannot.…`), `values`
    its arguments."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(f"{reason} {values}" if values else reason)
        self.reason = reason
        self.values = values


class NotPermitted(ExpectedError):
    """This person may not do that."""


class IntegrationError(JarvisError):
    """An outside system failed. `system` is the vendor's name as people say it; `reason` one line,
    whatever the vendor wrote."""

    def __init__(self, system: str, message: str) -> None:
        message = line(message)
        super().__init__(f"{system}: {message}")
        self.system = system
        self.reason = message


class Unavailable(IntegrationError):
    """Network failure, time-out or 5xx. Safe to retry after `retry_after_s`."""

    def __init__(self, system: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(system, message)
        self.retry_after_s = retry_after_s


class LimitReached(Unavailable):
    """A rate limit is used up, the vendor's or our own share of it; the system itself works. No
    call was made.

    Args:
        system: The vendor's name.
        message: Which limit.
        wait_s: Seconds until it may be tried.
        own: Whether only the caller's own share is used up, while others may still call.
    """

    def __init__(self, system: str, message: str, *, wait_s: float, own: bool = False) -> None:
        super().__init__(system, message, retry_after_s=wait_s)
        self.wait_s = wait_s
        self.own = own


class OutcomeUnknown(Unavailable):
    """A change was sent and the answer was lost: it may have been carried out. Not to be repeated
    without an idempotency key or a read back."""


class AuthExpired(IntegrationError):
    """The credential was refused; a person must renew it."""


class ContractBroken(IntegrationError):
    """The answer does not parse as documented; our code or the vendor changed."""


class Rejected(IntegrationError):
    """The vendor understood the call and refused it; the message is the vendor's reason."""


class LeaseLost(JarvisError):
    """The row was taken over while we worked; nothing of ours may be written any more."""


class SettingsMissing(JarvisError):
    """A required setting is absent; the message names the variable."""
