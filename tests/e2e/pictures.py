"""`python -m tests.e2e.pictures`: the pictures of docs/images anew, from the demo that serves here.

Before: `make demo`, without a terminal. It leaves two releases that wait, and the stack file as it
was.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from cli.control_plane import ControlPlane, with_prefect
from tests.e2e.browser import Person, person_at
from tests.e2e.releases import start, suspended
from tidegate.ledger.ledger import Ledger
from tidegate.settings import Settings

STACK, PLACE, VERSION = "cloudlens", "prod", "v1.4.0"
PICTURES = Path("docs/images")
LANGUAGES = {
    "en": ("", "Read everything you decide about"),
    "zh": (".zh-CN", "请先阅读全部依据"),
}
"""The end of the file's name, and the words of the link to the evidence."""
DRAWN_MILLISECONDS = 5000
ROOM = ".artifact-data-markdown { padding: 0 24px 12px }"


def main() -> None:
    settings = Settings()
    plane = ControlPlane(settings)
    with_prefect(plane.environment())
    served = Ledger(settings.database_url).deployments.current(STACK, PLACE)
    assert served is not None, "`make demo` comes first"
    with person_at(plane.ui_url, plane.secret, PICTURES) as person:
        (PICTURES / "login.png").unlink()
        person.open_run(UUID(served.run_id))
        person.sees_state("Completed")
        person.page.get_by_text("Finished in state").first.wait_for()
        person.page.wait_for_timeout(DRAWN_MILLISECONDS)
        person.picture("run")
        person.look_away()
        file = settings.stacks / STACK / "stack.yaml"
        text = file.read_text(encoding="utf-8")
        try:
            for language in LANGUAGES:
                file.write_text(text.replace("language: zh", f"language: {language}"), "utf-8")
                _question(person, language)
        finally:
            file.write_text(text, encoding="utf-8")


def _question(person: Person, language: str) -> None:
    end, link = LANGUAGES[language]
    run = start(f"release/{PLACE}", stack=STACK, version=VERSION, requested_by="mei")
    suspended(run)
    person.open_run(run)
    dialog = person.ask_for_the_form()
    person.picture_of_the_whole(f"approval{end}", dialog)
    beside = person.read_everything(dialog, link)
    page = beside.page.locator(".artifact-data-markdown")
    page.wait_for()
    beside.page.add_style_tag(content=ROOM)
    beside.picture_of_the_whole(f"evidence{end}", page)
    beside.page.close()
    person.look_away()


if __name__ == "__main__":
    main()
