"""What a user can put right: one clear line instead of a traceback."""

from carsets.outcomes import ExitCode


class UserError(Exception):
    """A problem that the user can solve. The message says what to do, in one line."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.BAD_USE) -> None:
        super().__init__(message)
        self.exit_code = exit_code
