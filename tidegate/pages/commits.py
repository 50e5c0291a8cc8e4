"""What is new in each repository, as a page shows it."""

from __future__ import annotations

from tidegate.pages.words import Words
from tidegate.plan.changes import Plan
from tidegate.secrecy.outside_text import markdown_text
from tidegate.versions import MAIN, short_id

MOST_COMMITS = 20
"""Of one repository."""


def commits_part(plan: Plan, words: Words) -> str:
    """With the name of each repository where there are several."""
    if plan.version.commit is None:
        return words["no_repository"]
    if not plan.version.further:
        return _commits_of(plan, MAIN, words)
    return "\n\n".join(
        f"**{markdown_text(repository or plan.stack)}** `{short_id(commit.sha)}`\n\n"
        + _commits_of(plan, repository, words)
        for repository, commit in plan.version.commits.items()
    )


def _commits_of(plan: Plan, repository: str, words: Words) -> str:
    commits = plan.commits.get(repository, ())
    rows = [
        f"- {markdown_text(commit.subject)} (`{commit.sha[:7]}`, {markdown_text(commit.author)})"
        for commit in commits[:MOST_COMMITS]
    ]
    more = len(commits) - MOST_COMMITS
    return "\n".join(rows + ([f"- … +{more}"] if more > 0 else [])) or words["nothing"]
