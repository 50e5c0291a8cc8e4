"""The smoke runner: a stack's checks as real requests, to a slot's own address or to the public
one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy

import httpx

from blocks.probes.signing_in import Session, sign_in
from blocks.probes.smoke_request import NoAnswerError, SmokeRequest, fetch
from blocks.tls import TRUSTED
from tidegate.edge.facts import Served
from tidegate.edge.headers import DEPLOYMENT_HEADER, read_served
from tidegate.facts import CheckResult
from tidegate.stack.checks import Answer, evaluate
from tidegate.stack.showing import SmokeCheck
from tidegate.versions import Version


def ask_once(
    base_url: str, host_header: str, headers: Mapping[str, str], path: str, deadline_seconds: float
) -> Answer:
    """One request as a visitor makes it, without going where it is redirected. Raises EdgeError
    where the edge is away."""
    with visitor(base_url, host_header, headers) as client:
        return fetch(client, SmokeRequest("GET", path, deadline_seconds, follow=False))


def visitor(base_url: str, host_header: str, headers: Mapping[str, str]) -> httpx.Client:
    """Asks what is behind the edge at `base_url` as somebody does who came to `host_header`."""
    client = httpx.Client(
        base_url=base_url, headers={"Host": host_header, **headers}, verify=TRUSTED, trust_env=False
    )
    # each check has cookies of its own
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


@dataclass(frozen=True)
class SmokeRunner:
    """`base_url` is the edge's public or check address, `host_header` a domain; `headers` name a
    slot there, and say what a front says (`tidegate.edge.routes.headers_for`).

    `credentials` maps the keys that a login names to their values.
    """

    base_url: str
    host_header: str
    version: Version
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    served: Served | None = None
    """Who must answer, where an edge says who does."""
    most_seconds: float = 250
    """For all checks together: what hangs at each of them must not hold up whoever looks."""
    headers: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Instead of `host_header`, for checks with a `domains_of`."""

    def run(self, checks: Sequence[SmokeCheck]) -> list[CheckResult]:
        """One result for each check, in the order of `checks`. The login runs first: others ask as
        who has signed in.

        Raises EdgeError where the edge does not answer, or knows no route.
        """
        results: dict[int, CheckResult] = {}
        session, end = None, time.monotonic() + self.most_seconds
        with visitor(self.base_url, self.host_header, self.headers) as client:
            for place, check in sorted(enumerate(checks), key=lambda one: one[1].login is None):
                answer, gained = self._ask(client, check, session, end)
                results[place] = evaluate(check, answer, self.version)
                if check.login and results[place].outcome == "pass":
                    session = gained
        return [results[place] for place in range(len(checks))]

    def _ask(
        self, client: httpx.Client, check: SmokeCheck, session: Session | None, end: float
    ) -> tuple[Answer, Session | None]:
        host = {"Host": self.hosts[check.domains_of]} if check.domains_of else {}

        def ask(request: SmokeRequest) -> Answer:
            if (left := end - time.monotonic()) <= 0:
                raise NoAnswerError(
                    f"not asked, because the checks before it took {self.most_seconds:g} s"
                )
            least = min(request.deadline_seconds, left)
            return self._answered(
                fetch(
                    client,
                    replace(request, deadline_seconds=least, headers={**host, **request.headers}),
                )
            )

        try:
            if check.login:
                scheme = self.headers.get("X-Forwarded-Proto", "http")
                origin = f"{scheme}://{host.get('Host', self.host_header)}"
                return sign_in(check, self.credentials, _deadline(check), origin, ask)
            return ask(self._request(check, session)), None
        except NoAnswerError as error:
            return Answer(error=str(error)), None

    def _answered(self, answer: Answer) -> Answer:
        """An answer of somebody else proves nothing about this deployment, whatever it says."""
        found = read_served(answer.headers.get(DEPLOYMENT_HEADER.lower(), ""))
        if self.served is None or answer.error or found == self.served:
            return answer
        return Answer(
            error=f"it was answered by {found or 'no deployment'}, not by {self.served}",
            seconds=answer.seconds,
        )

    def _request(self, check: SmokeCheck, session: Session | None) -> SmokeRequest:
        if check.signed_in and session is None:
            raise NoAnswerError("not asked, because the login before it did not succeed")
        known = session if check.signed_in and session else Session()
        return SmokeRequest(
            "GET",
            check.path,
            _deadline(check),
            known.headers,
            follow=not 300 <= check.status < 400,
            cookies=dict(known.cookies),
        )


def _deadline(check: SmokeCheck) -> float:
    # Longer than the check allows, so that a slow answer is judged as slow and not only as missing.
    return check.most_seconds + 1
