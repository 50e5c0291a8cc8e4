"""A person in front of the Prefect UI: a real Chromium that reads, clicks and fills in, and leaves
a picture of each stage."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from playwright.sync_api import Locator, Page, ViewportSize, expect, sync_playwright

from tests.e2e.own_network import program_in_own_network

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTH, HEIGHT = 1280, 900
PHONE: ViewportSize = {"width": 390, "height": 844}
WHOLE_HEIGHT = 2000  # enough for the evidence of a small release
MOST_MILLISECONDS = 120_000
SETTLE_MILLISECONDS = 200  # the UI's graph and dialogs move into place


@dataclass(frozen=True)
class Person:
    """Looks at one control plane. `pictures` is the folder of this test's screenshots."""

    page: Page
    ui_url: str
    pictures: Path

    def open(self, path: str) -> None:
        self.page.goto(f"{self.ui_url}{path}")

    def log_in(self, secret: str) -> None:
        """By the address that people are given, as `tidegate login` says it."""
        self.open("/")
        self.answer_login(secret)

    def answer_login(self, secret: str) -> None:
        """The login page that is shown now, in place of another page or before it."""
        field = self.page.get_by_placeholder("admin:pass")
        field.wait_for()
        self.picture("login")
        field.fill(secret)
        self.page.get_by_role("button", name="Login").click()
        field.wait_for(state="hidden")

    def walk_to(self, section: str) -> None:
        """From the address that people are given, by the words at the side of every page."""
        self.open("/")
        self.page.locator(".context-sidebar, .p-context-sidebar").get_by_text(
            section, exact=True
        ).first.click()

    def open_run(self, run: UUID) -> None:
        """It is among the first that the list shows."""

        def walk() -> None:
            self.reach(f"a[href$='/runs/flow-run/{run}']", lambda: self.walk_to("Runs")).click()

        self.reach(".p-tabs :text-is('Artifacts')", walk)

    def open_page(self, run: UUID, key: str) -> None:
        """A page that a stage of the run has left."""

        def walk() -> None:
            self.open_run(run)
            self.page.locator(".p-tabs").get_by_text("Artifacts", exact=True).click()

        self.reach(f".artifact-card:has-text('{key}')", walk).click()

    def reach(self, wanted: str, walk: Callable[[], None]) -> Locator:
        """What is wanted, on the page to which `walk` leads."""
        walk()
        found = self.page.locator(wanted).first
        found.wait_for()
        return found

    def open_form_of(self, flow: str, name: str) -> None:
        """The form that starts a run of the deployment `flow/name`."""
        row = f"tr:has-text('{flow}'):has(a:text-is('{name}'))"

        def walk() -> None:
            self.reach(f"{row} >> a:text-is('{name}')", lambda: self.walk_to("Deployments")).click()

        self.reach("role=button[name='Run']", walk).click()
        self.page.get_by_text("Custom run").first.click()

    def ask_for_the_form(self) -> Locator:
        """The dialog behind the button Resume, with its fields."""

        self.reach(
            ".p-modal__card .schema-form-property",
            self.page.get_by_role("button", name="Resume").first.click,
        )
        dialog = self.page.locator(".p-modal__card")
        dialog.get_by_role("button", name="Submit").wait_for()
        return dialog

    def read_everything(
        self, dialog: Locator, link: str = "Read everything you decide about"
    ) -> Person:
        """The person at the page behind the form's link, which opens beside it: what was typed
        stays."""
        with self.page.expect_popup() as opened:
            dialog.get_by_role("link", name=link).click()
        return Person(opened.value, self.ui_url, self.pictures)

    def submit(self, dialog: Locator) -> None:
        """And do something else until there is more to see."""
        dialog.get_by_role("button", name="Submit").click()
        dialog.wait_for(state="hidden")
        self.look_away()

    def look_away(self) -> None:
        """The graph of a run is drawn without end, which takes a whole processor where there is no
        other for graphics."""
        self.page.goto("about:blank")

    def sees_state(self, name: str) -> None:
        self.page.locator(".state-badge", has_text=name).first.wait_for()

    def picture(self, name: str, of: Locator | None = None) -> None:
        """A file of its own; what fades in is there already."""
        self.page.wait_for_timeout(SETTLE_MILLISECONDS)
        (of or self.page).screenshot(path=self.pictures / f"{name}.png", animations="disabled")

    def picture_on_a_phone(self, name: str) -> None:
        """What fits its width is read without moving the page sideways."""
        self.page.set_viewport_size(PHONE)
        self.picture(name)
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    def picture_of_the_whole(self, name: str, of: Locator) -> None:
        """Of what has to be scrolled otherwise."""
        self.page.set_viewport_size({"width": WIDTH, "height": WHOLE_HEIGHT})
        self.picture(name, of)
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def fill_in(
    dialog: Locator,
    *,
    choices: Mapping[str, str] = {},
    texts: Mapping[str, str] = {},
    switches: tuple[str, ...] = (),
) -> None:
    """Fields by the titles that a person reads."""
    for title, choice in choices.items():
        open_list(field_of(dialog, title))
        dialog.page.locator(".p-select-option", has_text=choice).click()
    for title, text in texts.items():
        field_of(dialog, title).get_by_role("textbox").fill(text)
    for title in switches:
        field_of(dialog, title).get_by_role("switch").click()


def open_list(field: Locator) -> None:
    """By its arrow: a click beside it opens and closes the list at once (Prefect 3.8.8 listens for
    it twice)."""
    field.locator(".p-select-button__icon").click()


def field_of(dialog: Locator, title: str) -> Locator:
    return dialog.locator(".schema-form-property", has_text=title)


@contextmanager
def person_at(
    ui_url: str,
    secret: str,
    pictures: Path,
    *,
    flags: tuple[str, ...] = (),
    other_ports: tuple[int, ...] = (),
) -> Iterator[Person]:
    """A browser with a new, empty profile, in which the person has signed in. Of this machine it
    finds the UI, and `other_ports`."""
    ports = [urlsplit(ui_url).port or 80, *other_ports]
    chromium = shutil.which("chromium") or "chromium"
    with (
        tempfile.TemporaryDirectory(prefix="tidegate-browser-") as folder,
        program_in_own_network(chromium, ports, Path(folder)) as program,
        sync_playwright() as playwright,
    ):
        context = playwright.chromium.launch_persistent_context(
            f"{folder}/profile",
            executable_path=program,
            headless=True,
            args=[*FLAGS, *flags],
            viewport={"width": WIDTH, "height": HEIGHT},
            locale="en-US",
            timezone_id="Asia/Tokyo",
        )
        context.set_default_timeout(MOST_MILLISECONDS)
        expect.set_options(timeout=MOST_MILLISECONDS)  # else five seconds, on a busy machine too
        pictures.mkdir(parents=True, exist_ok=True)
        try:
            person = Person(context.pages[0], ui_url, pictures)
            person.log_in(secret)
            yield person
        finally:
            context.close()
