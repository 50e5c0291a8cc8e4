"""A page of another origin, in a real Chromium whose user has signed in to the UI: it starts, reads
and resumes nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.attacks.api_fixtures import *  # noqa: F403
from tests.attacks.api_fixtures import VALUE, Prey, runs_asked_for, state_of
from tests.e2e.browser import Person, person_at
from tests.installation import Installation

TRY = """
async ([api, start, resume, secret]) => {
  const got = {}
  const attempt = async (name, path, options) => {
    try {
      const answer = await fetch(api + path, options)
      got[name] = [answer.type, answer.status, await answer.text()]
    } catch (error) { got[name] = ['refused', 0, String(error)] }
  }
  const body = JSON.stringify({job_variables: {command: 'id > pwned'}, state: {type: 'SCHEDULED'}})
  const json = {'Content-Type': 'application/json'}
  await attempt('start', start, {method: 'POST', headers: json, body})
  await attempt('start as text', start, {method: 'POST', mode: 'no-cors', body})
  await attempt('start as text with cookies', start, {method: 'POST', mode: 'no-cors', credentials: 'include', body})
  await attempt('start without a kind', start, {method: 'POST', mode: 'no-cors', body: new Blob([body])})
  await attempt('resume', resume, {method: 'POST', mode: 'no-cors', credentials: 'include'})
  await attempt('read', secret, {credentials: 'include'})
  await attempt('read openly', secret, {})
  navigator.sendBeacon(api + start, new Blob([body], {type: 'text/plain'}))
  got.stream = await new Promise(done => {
    const stream = new WebSocket(api.replace('http', 'ws') + '/events/out', ['prefect'])
    stream.onopen = () => done('open')
    stream.onerror = () => done('refused')
  })
  const form = Object.assign(document.createElement('form'), {method: 'POST', action: api + start, enctype: 'text/plain'})
  form.append(Object.assign(document.createElement('input'), {name: body.slice(0, -1) + ',"x":"', value: '"}'}))
  const frame = Object.assign(document.createElement('iframe'), {name: 'sink'})
  document.body.append(frame, form)
  form.target = 'sink'
  await new Promise(done => { frame.onload = done; form.submit() })
  return got
}
"""
COLOUR = "getComputedStyle(document.documentElement).getPropertyValue('--p-color-bg-0')"
RECOVER = "text=recover"  # a flow in the list of deployments
KEEP_ONLY = "kept => { localStorage.clear(); if (kept) localStorage.setItem('prefect-password', btoa(kept)) }"


class OtherPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>harmless</title><body>")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def others_port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OtherPage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def visitor(
    tidegate: Installation,
    prey: Prey,
    others_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Person]:
    """Has signed in to the UI in the same browser. `evil.example` leads to this machine, as its
    owner can make it do.

    `prey` comes first: Prefect's client behaves otherwise beside the browser's event loop."""
    with person_at(
        tidegate.plane.ui_url,
        tidegate.plane.secret,
        tmp_path_factory.mktemp("pictures"),
        flags=("--host-resolver-rules=MAP evil.example 127.0.0.1",),
        other_ports=(others_port,),
    ) as person:
        yield person


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "app.localhost"])
def test_a_page_of_another_origin_starts_reads_and_resumes_nothing(
    tidegate: Installation, visitor: Person, others_port: int, prey: Prey, host: str
) -> None:
    page = visitor.page
    page.goto(f"http://{host}:{others_port}/")
    start, resume, secret = (one[1].removeprefix("/api") for one in prey.requests[:3])
    before = runs_asked_for(tidegate)
    got = page.evaluate(TRY, [f"{visitor.ui_url}/api", start, resume, secret])
    assert got.pop("stream") == "refused"
    assert {
        name: kind for name, (kind, status, body) in got.items() if status or body == VALUE
    } == {}
    assert {kind for kind, _, _ in got.values()} <= {"refused", "opaque"}
    assert VALUE not in json.dumps(got)
    assert runs_asked_for(tidegate) == before
    assert state_of(tidegate, prey.waiting) == "Suspended"


def test_a_name_that_was_turned_towards_this_machine_shows_nothing_of_it(
    visitor: Person, tidegate: Installation
) -> None:
    for path in ("/", "/v2/login", "/api/health", "/ui-settings", "/docs"):
        answer = visitor.page.goto(f"http://evil.example:{tidegate.settings.prefect_port}{path}")
        assert answer is not None
        assert (answer.status, answer.text()) == (400, "Invalid host header")


def test_after_one_login_every_page_is_open_and_asks_nobody_else(
    visitor: Person, prey: Prey
) -> None:
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.on(
        "console", lambda said: asked.append(said.text) if "script-src" in said.text else None
    )
    visitor.reach(RECOVER, lambda: visitor.walk_to("Deployments"))
    visitor.open_run(prey.waiting)
    visitor.sees_state("Suspended")
    assert visitor.page.evaluate(COLOUR) != ""  # the page could set itself up
    visitor.look_away()
    assert asked
    assert [
        one for one in asked if not one.startswith((visitor.ui_url, "data:", "blob:", "about:"))
    ] == []


def test_by_the_machines_other_name_a_person_is_asked_and_let_in(
    visitor: Person, tidegate: Installation
) -> None:
    other = Person(
        visitor.page, f"http://localhost:{tidegate.settings.prefect_port}", visitor.pictures
    )
    other.log_in(tidegate.plane.secret)
    other.reach(RECOVER, lambda: other.walk_to("Deployments"))


def test_a_page_of_another_origin_cannot_show_the_ui_in_a_frame(
    visitor: Person, others_port: int
) -> None:
    page = visitor.page
    page.goto(f"http://127.0.0.1:{others_port}/")
    page.set_content(
        f"<iframe src='{visitor.ui_url}/' onload='document.title = \"loaded\"'></iframe>"
    )
    page.wait_for_function("document.title === 'loaded'")
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]


def test_an_address_of_prefects_second_ui_leads_to_the_same_page_of_the_first(
    visitor: Person,
) -> None:
    def to(path: str) -> None:
        visitor.open(path)
        visitor.page.wait_for_url(f"{visitor.ui_url}{path.removeprefix('/v2')}*")

    to("/v2/")
    visitor.reach(RECOVER, lambda: to("/v2/deployments"))


def test_with_a_wrong_secret_the_login_page_stays(visitor: Person) -> None:
    page = visitor.page
    visitor.open("/ico/favicon-32x32.png")  # a page without a script that could write after us
    page.evaluate(KEEP_ONLY, None)
    visitor.open("/")
    field = page.get_by_placeholder("admin:pass")
    field.fill("tidegate:wrong")
    page.get_by_role("button", name="Login").click()
    page.get_by_text("Authentication failed").first.wait_for()
    assert field.is_visible()


@pytest.mark.parametrize("kept", [None, "tidegate:the-secret-of-yesterday"])
@pytest.mark.parametrize("ui", ["", "/v2"])
def test_a_link_to_a_run_asks_who_has_not_signed_in_and_then_leads_there(
    visitor: Person, tidegate: Installation, prey: Prey, ui: str, kept: str | None
) -> None:
    """As commands and messages print it. `kept` is what the browser has from an earlier sign-in."""
    link = f"{ui}/runs/flow-run/{prey.waiting}"
    visitor.open("/ico/favicon-32x32.png")  # a page without a script that could write after us
    visitor.page.evaluate(KEEP_ONLY, kept)
    visitor.open(link)
    visitor.answer_login(tidegate.plane.secret)
    visitor.page.wait_for_url(f"{visitor.ui_url}/runs/flow-run/{prey.waiting}*")
    visitor.page.get_by_text("Suspended").first.wait_for()
