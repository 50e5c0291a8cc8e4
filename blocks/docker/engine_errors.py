"""What the engine and its SDK raise, told in our own errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from blocks.docker.credential_helpers import missing_helper
from blocks.docker.streams import LocalStreamError
from tidegate.errors import CapacityError, EngineError


@contextlib.contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Foreign exceptions stop here: the SDK's and those of the HTTP libraries below it.

    An error of a file that we read from or write to passes as it is, since it is not the engine's.
    """
    try:
        yield
    except LocalStreamError as error:
        raise error.cause from None
    except (NotFound, ImageNotFound) as error:
        # The engine says 404 as well for a network that it cannot make.
        if "address pool" in str(error.explanation):
            raise CapacityError(
                doing,
                f"no address range is left for a network ({error.explanation})",
                "Remove those that nobody uses: docker network prune; "
                "or widen default-address-pools",
            ) from None
        raise EngineError(
            doing, f"not found ({error.explanation})", "Run `tidegate status` to see what there is"
        ) from None
    except APIError as error:
        if is_port_taken(error):
            raise CapacityError(
                doing,
                f"a port is taken ({error.explanation})",
                "Stop what has it, or choose another port",
            ) from None
        raise EngineError(
            doing,
            f"the engine refused ({error.explanation or error})",
            "Correct what it names",
            retryable=error.is_server_error(),
        ) from None
    except (DockerException, RequestException, HTTPError, OSError) as error:
        if missing := missing_helper(doing, str(error)):
            raise missing from None
        raise EngineError(
            doing,
            f"no answer ({type(error).__name__})",
            "Start the Docker Engine, or mend the network to it",
            retryable=True,
        ) from None


def is_port_taken(error: APIError) -> bool:
    """Whether the engine could not publish a port because somebody has it."""
    said = str(error.explanation)
    return "address already in use" in said or "port is already allocated" in said
