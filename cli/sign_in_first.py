"""Ask who is not signed in, before a page of the UI is shown.

Prefect's first UI, to which our links lead, asks the API for the run and for the visitor's right at
the same time. Both are refused, and the page that wins is often "404 not found" instead of the
login (Prefect 3.8.8). A script that runs before the UI looks first, and opens the login page, which
leads on to what was asked for.
"""

from __future__ import annotations

from pathlib import Path

SCRIPT_NAME = "sign-in-first.js"
SCRIPT = """{
  const request = new XMLHttpRequest()
  request.open("GET", "/api/admin/version", false)   // the UI must not begin before the answer
  request.setRequestHeader("Authorization", `Basic ${localStorage.getItem("prefect-password")}`)
  request.send()
  if (request.status === 401 && location.pathname !== "/login")
    history.replaceState(null, "", \
`/login?redirect=${encodeURIComponent(location.pathname + location.search)}`)
  localStorage.setItem("prefect-show-promotional-content", "false")   \
// no advertisement where a request fails
}
"""
HEAD = "<head>"
TAG = f'{HEAD}<script src="/{SCRIPT_NAME}"></script>'


def ask_before_pages(ui: Path) -> None:
    """Put the script into Prefect's first UI, whose copy is in the folder `ui`, if there is one."""
    index = ui / "index.html"
    if not index.exists():
        return
    (ui / SCRIPT_NAME).write_text(SCRIPT)
    page = index.read_text()
    if TAG not in page:
        index.write_text(page.replace(HEAD, TAG, 1))
