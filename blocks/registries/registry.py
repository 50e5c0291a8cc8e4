"""An image registry: asked over HTTP whether it would serve us, pushed to and pulled from by the
engine."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from docker.errors import APIError
from docker.utils import parse_repository_tag
from prefect.blocks.core import Block
from pydantic import Field, PrivateAttr, SecretStr
from requests.exceptions import ReadTimeout
from urllib3.exceptions import ReadTimeoutError

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from blocks.registries.sign_in import SignIn
from tidegate.errors import CapacityError, RegistryError, TidegateError

_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
_DOCKER_HUB = ("docker.io", "index.docker.io")
_LOG_IN = "Correct username, password and rights in the Registry block"
_SAID = (  # what the engine passes on from a registry, what to do, whether to try again
    (r"no matching manifest", "Build the image for the platform of this host", False),
    (r"unauthorized|denied|authentication required|no basic auth|forbidden", _LOG_IN, False),
    (
        r"manifest unknown|not found|name unknown|does not exist|invalid reference",
        "Push the image first",
        False,
    ),
    (r"toomanyrequests|429", "Wait, then try again", True),
)


class Registry(Block):
    """One account at one registry. Raises RegistryError."""

    _block_type_name = "Image Registry"
    _block_type_slug = "image-registry"
    _transport: httpx.BaseTransport | None = PrivateAttr(None)

    url: str = Field(
        description="`https://ghcr.io`, or `http://127.0.0.1:5000` for one on this machine."
    )
    namespace: str = Field(
        "", description="What stands before the repository's name, such as `acme`."
    )
    username: str = Field("", description="Empty for a registry that asks for no account.")
    password: SecretStr = Field(
        SecretStr(""), description="Password or access token of that account."
    )
    timeout_seconds: float = Field(15, gt=0, description="For one request.")

    def name(self, repository: str) -> str:
        """The full name of a repository, `ghcr.io/acme/cloudlens-backend`; one that is full already
        stays as it is."""
        host = urlsplit(self.url).netloc
        if repository.startswith(f"{host}/"):
            return repository
        return "/".join(filter(None, (host, self.namespace, repository)))

    def check(self) -> None:
        """The registry answers, and accepts the account."""
        self._ask("GET", "/v2/", f"signing in to {self.url}")

    def digest(self, repository: str, reference: str) -> str:
        """`sha256:...` of a tag or digest, read with the account that will pull it (P42, P52)."""
        path = self.name(repository).partition("/")[2]
        answer = self._ask(
            "HEAD",
            f"/v2/{path}/manifests/{reference}",
            f"reading {self.name(repository)}:{reference}",
        )
        return str(answer.headers.get("Docker-Content-Digest", ""))

    def push(self, host: DockerHost, image_id: str, repository: str, tag: str) -> str:
        """Push one image of `host`. Returns its pin, `repo@sha256:...`, once the registry answers
        for that digest."""
        name, doing = self.name(repository), f"pushing {self.name(repository)}:{tag}"
        with engine_errors(doing), _silence_told(doing, host):
            host.client.images.get(image_id).tag(name, tag)
            said = host.patient_api.push(
                name, tag, stream=True, decode=True, auth_config=self._account()
            )
            digests = [
                line["aux"]["Digest"]
                for line in _heard(said, doing)
                if "Digest" in line.get("aux", {})
            ]
        if not digests or self.digest(repository, digests[-1]) != digests[-1]:
            raise RegistryError(
                doing,
                "it does not answer for what was pushed",
                "Look at the registry",
                retryable=True,
            )
        return f"{name}@{digests[-1]}"

    def account_for(self, reference: str) -> dict[str, str] | None:
        """The account, where the image lies in this registry; the engine's own accounts are for the
        others."""
        return self._account() if self.name(reference) == reference else None

    def pull(self, host: DockerHost, pin: str) -> None:
        """Bring `repo@sha256:...` to `host`."""
        pull_image(host, pin, self._account())

    def _account(self) -> dict[str, str] | None:
        return (
            {"username": self.username, "password": self.password.get_secret_value()}
            if self.username
            else None
        )

    def _ask(self, method: str, path: str, doing: str) -> httpx.Response:
        is_hub = urlsplit(self.url).netloc in _DOCKER_HUB
        base = "https://registry-1.docker.io" if is_hub else self.url.rstrip("/")
        with httpx.Client(
            auth=SignIn(self.username, self.password.get_secret_value()),
            transport=self._transport,
            timeout=self.timeout_seconds,
            headers={"Accept": _MANIFESTS},
        ) as client:
            answer = _answer(client, method, base + path, doing)
            if (
                answer.status_code == 429
                and (wait := _retry_after(answer, datetime.now(UTC))) <= self.timeout_seconds
            ):
                time.sleep(wait)
                answer = _answer(client, method, base + path, doing)
        if not answer.is_success:
            raise _refusal(answer, doing)
        return answer


def pull_image(host: DockerHost, reference: str, account: Mapping[str, str] | None = None) -> None:
    """Have the engine pull `repo:tag` or `repo@sha256:...`. Raises RegistryError, CapacityError."""
    repository, tag = parse_repository_tag(reference)
    doing = f"pulling {reference}"
    with engine_errors(doing), _silence_told(doing, host):
        try:
            said = host.patient_api.pull(
                repository,
                tag=tag or "latest",
                stream=True,
                decode=True,
                auth_config=dict(account) if account else None,
            )
            _heard(said, doing)
        except APIError as error:
            raise engine_said(str(error.explanation or error), doing) from None


def digest_in_registry(
    host: DockerHost, reference: str, account: Mapping[str, str] | None = None
) -> str:
    """`sha256:...` of `repo:tag` in its registry, which the engine asks. Raises RegistryError."""
    doing = f"looking up {reference}"
    with engine_errors(doing), _silence_told(doing, host):
        try:
            said = host.client.api.inspect_distribution(  # type: ignore[no-untyped-call]
                reference, dict(account) if account else None
            )
        except APIError as error:
            raise engine_said(str(error.explanation or error), doing) from None
    return str(said["Descriptor"]["digest"])


@contextlib.contextmanager
def _silence_told(doing: str, host: DockerHost) -> Iterator[None]:
    """The engine answers, and waits for the registry: the one to look at is not the engine."""
    try:
        yield
    # Of the two HTTP libraries, before and after the answer's head.
    except (ReadTimeout, ReadTimeoutError):
        raise RegistryError(
            doing,
            f"nothing was heard for {host.silence_seconds:g} s",
            "Look whether the registry hangs, and at the network from the host to it",
            retryable=True,
        ) from None


def engine_said(text: str, doing: str) -> TidegateError:
    """The error for what the engine passes on from a registry, or for a full disk."""
    if "no space left on device" in text.lower():
        return CapacityError(
            doing, "the disk of the Docker engine is full", "Remove images that nothing needs"
        )
    for pattern, to_do, retryable in _SAID:
        if re.search(pattern, text, re.IGNORECASE):
            return RegistryError(doing, text.strip(), to_do, retryable=retryable)
    return RegistryError(
        doing, text.strip(), "Check the network from the host to the registry", retryable=True
    )


def _heard(said: Iterable[dict[str, Any]], doing: str) -> list[dict[str, Any]]:
    """All that was said. The engine answers 200 and reports a failure inside the stream."""
    lines = list(said)
    for line in lines:
        if "error" in line:
            raise engine_said(str(line["error"]), doing)
    return lines


def _answer(client: httpx.Client, method: str, url: str, doing: str) -> httpx.Response:
    try:
        return client.request(method, url)
    except httpx.TimeoutException:
        raise RegistryError(
            doing, "no answer in time", "Check the network to the registry", retryable=True
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RegistryError(
            doing,
            f"no connection ({type(error).__name__})",
            "Check the url of the Registry block",
            retryable=isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError),
        ) from None


def _refusal(answer: httpx.Response, doing: str) -> RegistryError:
    code = answer.status_code
    if code == 429:
        wait = _retry_after(answer, datetime.now(UTC))
        return RegistryError(
            doing, "429: too many requests", f"Try again in {wait:.0f} s", retryable=True
        )
    if code >= 500:
        return RegistryError(
            doing, f"{code}: the registry is in trouble", "Try again later", retryable=True
        )
    came_back, to_do = {
        401: ("401: the account is not accepted", _LOG_IN),
        403: ("403: the account may not do this", _LOG_IN),
        404: (
            "404: no such image, or no registry at this address",
            "Push the image first, or correct the url",
        ),
    }.get(code, (f"{code}: not an answer of a registry", "Check the url of the Registry block"))
    return RegistryError(doing, came_back, to_do)


def _retry_after(answer: httpx.Response, now: datetime) -> float:
    """Seconds until the registry wants to be asked again; 60 where it does not say."""
    text = answer.headers.get("Retry-After", "60")
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):  # a date without zone cannot be subtracted
        return 60.0
