"""Refusing a request: the answer that says so, raised; and what the engine's errors are in HTTP."""

from __future__ import annotations

from stdbpy import errors
from stdbpy.errors import StdbError
from stdbpy.server.answer import Answer, text

BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
CONFLICT = 409
TOO_LARGE = 413
WRONG_MEDIA_TYPE = 415
UNPROCESSABLE = 422
UPGRADE_REQUIRED = 426
SERVER_ERROR = 500
UNAVAILABLE = 503

_STATUSES: dict[type[StdbError], int] = {
    errors.DatabaseNotFound: NOT_FOUND,
    errors.NoSuchProcedure: NOT_FOUND,
    errors.NoSuchReducer: NOT_FOUND,
    errors.NameTaken: UNAUTHORIZED,
    errors.NotAllowed: FORBIDDEN,
    errors.InvalidName: BAD_REQUEST,
    errors.InvalidArguments: BAD_REQUEST,
    errors.EnvironmentRefused: BAD_REQUEST,
    errors.SqlError: BAD_REQUEST,
    errors.SchemaError: BAD_REQUEST,
    errors.ModuleLoadError: BAD_REQUEST,
}


class RefusalError(StdbError):
    """Ends the handling of a request with ``answer``."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with status {answer.status}")
        self.answer = answer


def refuse(status: int, body: str = "") -> RefusalError:
    """The refusal to raise; without a body the answer is empty."""
    return RefusalError(text(status, body) if body else Answer(status))


def refuse_for(error: StdbError, status: int, prefix: str) -> RefusalError:
    """The refusal with what ``error`` says behind ``prefix``, and its hint."""
    return refuse(status, f"{prefix}{error.message}" + (f"\nhint: {error.hint}" if error.hint else ""))


def answer_for(error: StdbError) -> Answer:
    """What a request is answered that the engine refused."""
    if isinstance(error, RefusalError):
        return error.answer
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), SERVER_ERROR)
    lines = [error.message]
    if isinstance(error, errors.SchemaError | errors.ModuleLoadError):
        lines += map(str, error.problems)
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return text(status, "\n".join(lines))
