"""One error tree. Every text says what was being done, what came back, and what to do next.

TidegateError
├── InputError             the request cannot be carried out as it was made; nothing was changed
│   ├── StackFileError     stack.yaml or a compose file is wrong
│   ├── VersionError       the version is unknown, ambiguous or not a version
│   ├── ConfigError        an env file misses a key or holds a placeholder
│   └── HeldError          the version is on hold
├── HostError              the Docker host
│   ├── EngineError        the engine does not answer, or refused a call
│   ├── ComposeError       `docker compose` failed
│   ├── ImageError         an image cannot be built or found
│   ├── RegistryError      the registry refused or did not answer
│   ├── OccupiedError      somebody else's container has what a base service needs
│   └── CapacityError      disk, memory, connections or a port are missing
├── SlotError              the new containers
│   ├── UnhealthyError     not healthy within the start budget, or crash loop
│   └── SmokeError         answered, but not as the release must
├── DataError              the data
│   ├── DatabaseError      the database refused or did not answer
│   ├── BackupError        the backup does not count
│   └── MigrationError     the migration cannot be made, or failed
├── EdgeError              the reverse proxy did not take or obey a route
├── LedgerError            the ledger
│   ├── LockedError        somebody else is changing this environment
│   ├── FencedError        a newer owner has taken over
│   └── MoveError          a state change that the table of moves does not allow
├── RefusedError           a person or a policy said no
│   ├── RejectedError      rejected in the acceptance form
│   ├── ExpiredError       nobody decided in time
│   └── UnansweredError    a run that waited was set going without an answer
├── RegressionError        the watch saw the new version become worse than the old one
└── WayBackError           the old version could not be put back, or not without a person's decision
"""

from tidegate.secrecy.outside_text import clean


class TidegateError(Exception):
    """What was being done, what came back, what to do next. `retryable` decides whether a task
    tries again.

    Its texts quote other programs: they are cleaned, bounded, and hold no secret that this process
    has learnt.
    """

    retryable = False

    def __init__(
        self, doing: str, came_back: str, to_do: str, *, retryable: bool | None = None
    ) -> None:
        self.doing, self.came_back, self.to_do = map(clean, (doing, came_back, to_do))
        super().__init__(f"{self.doing}: {self.came_back}. {self.to_do}")
        if retryable is not None:
            self.retryable = retryable

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.doing, self.came_back, self.to_do, self.retryable))


def _rebuild(
    kind: type[TidegateError], doing: str, came_back: str, to_do: str, retryable: bool
) -> TidegateError:
    return kind(doing, came_back, to_do, retryable=retryable)


class InputError(TidegateError): ...


class StackFileError(InputError): ...


class VersionError(InputError): ...


class ConfigError(InputError): ...


class HeldError(InputError): ...


class HostError(TidegateError): ...


class EngineError(HostError): ...


class ComposeError(HostError): ...


class ImageError(HostError): ...


class RegistryError(HostError): ...


class OccupiedError(HostError): ...


class CapacityError(HostError): ...


class SlotError(TidegateError): ...


class UnhealthyError(SlotError): ...


class SmokeError(SlotError): ...


class DataError(TidegateError): ...


class DatabaseError(DataError): ...


class BackupError(DataError): ...


class MigrationError(DataError): ...


class EdgeError(TidegateError): ...


class LedgerError(TidegateError): ...


class LockedError(LedgerError): ...


class FencedError(LedgerError): ...


class MoveError(LedgerError): ...


class RefusedError(TidegateError): ...


class RejectedError(RefusedError): ...


class ExpiredError(RefusedError): ...


class UnansweredError(RefusedError): ...


class RegressionError(TidegateError): ...


class WayBackError(TidegateError): ...
