"""What a person sees of a question in the browser, and answers."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tasks.people.forms import CHECKLIST, AcceptanceEn
from tests.e2e.browser import fill_in
from tests.installation import MILL, Installation, domain_of

SWITCHES = tuple(str(AcceptanceEn.model_fields[item].title) for item in CHECKLIST)
HEADINGS = (
    "What changes",
    "What staging answered",
    "Database changes",
    "Configuration (names only)",
    "The way back",
    "Backup",
    "Your decision",
)


def sees_the_question(dialog: Locator) -> None:
    """A few plain sentences: no table, no SQL, nothing optional."""
    expect(dialog).to_contain_text(
        f"{MILL} v1.1.0 is to go to production. v1.0.0 runs there now. Asked for by mei. Database "
        "change: additive (the old version still works). If something is wrong: one switch back"
    )
    expect(dialog).to_contain_text(
        re.compile(r"Decide before \d{4}-\d\d-\d\d \d\d:\d\d \(Asia/Tokyo\)")
    )
    for hidden in ("CREATE TABLE", "(Optional)", "None", "###"):
        expect(dialog).not_to_contain_text(hidden)
    expect(dialog.locator("table")).to_have_count(0)


def sees_the_evidence(dialog: Locator, mill: Installation) -> None:
    for heading in HEADINGS:
        expect(dialog.get_by_role("heading", name=heading)).to_be_visible()
    for shown in (
        "v1.0.0 (#1)",
        "on staging 0 of ",
        "feat: 折扣分析",
        "feat: 添加 discount_cache 表",
        "additive (the old version still works)",
        "CREATE TABLE discount_cache",
        "one switch back to v1.0.0",
        f"http://{domain_of(MILL, 'staging')}:{mill.settings.edge_port}",
    ):
        expect(dialog).to_contain_text(shown)
    for row in (
        '✓首页status 200; shows "CloudLens"',
        "✓版本status 200; is v1.1.0",
        "✓登录status 200; signed in",
        '✓账单内容status 200; items.0.id is "BILL-0001"',
    ):
        expect(
            dialog.get_by_role("row", name=re.compile(".*")).filter(has_text=row)
        ).to_be_visible()
    expect(dialog).to_contain_text(
        re.compile(r"The last verified backup is \d+ min old: .*, no table in it; dumped in")
    )
    expect(dialog).to_contain_text(
        re.compile(r"Decide before \d{4}-\d\d-\d\d \d\d:\d\d \(Asia/Tokyo\)")
    )


def answer(dialog: Locator, decision: str, reason: str, switches: tuple[str, ...] = ()) -> None:
    fill_in(
        dialog,
        choices={"Read this, then decide": decision},
        texts={"Your name": "Mei", "Reason": reason},
        switches=switches,
    )
