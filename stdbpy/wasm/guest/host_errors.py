"""Error codes of the host as the exceptions that modules know."""

from __future__ import annotations

from stdbpy.errors import HostError, HttpFailed
from stdbpy.module.host import Errno

_MEANINGS: dict[int, tuple[str, str]] = {
    Errno.NOT_IN_TRANSACTION: (
        "Tables can only be used in a transaction, and none is open",
        "Open one: with ctx.transaction() as tx, and keep nothing of it behind its end.",
    ),
    Errno.BSATN_DECODE_ERROR: ("The host does not understand a value that the module gave it", ""),
    Errno.NO_SUCH_TABLE: ("There is no such table", ""),
    Errno.NO_SUCH_INDEX: ("There is no such index", ""),
    Errno.UNIQUE_ALREADY_EXISTS: ("There is a row with the same unique value already", ""),
    Errno.SCHEDULE_AT_DELAY_TOO_LONG: ("The row is too far ahead: rows can be scheduled two years from now", ""),
    Errno.NO_SUCH_ROW: ("There is no row with that key", ""),
    Errno.AUTO_INC_OVERFLOW: ("There is no number left", ""),
    Errno.WOULD_BLOCK_TRANSACTION: ("That would keep a transaction open, for whose end everybody else waits", ""),
    Errno.TRANSACTION_NOT_ANONYMOUS: ("No transaction was opened that could be ended", ""),
    Errno.TRANSACTION_IS_READ_ONLY: ("The transaction is only there to read", ""),
}


def host_error(code: int, message: str) -> HostError:
    """The exception for an error code; ``message`` is what the host says of a failed HTTP request, and otherwise
    the name of the host function."""
    if code == Errno.HTTP_ERROR:
        return HttpFailed(message)
    text, hint = _MEANINGS.get(code, (f"{message}: the host answered with error {code}", ""))
    return HostError(code, text, hint=hint)
