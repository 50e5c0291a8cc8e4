"""A catalogue of revisions, each with its class; real servers prove it in
tests/integration/test_migration_classes.py."""

from __future__ import annotations

from tests.migrations.grave import ASKED, IRREVERSIBLE, LOSSY
from tests.migrations.mild import ADDITIVE, NEEDS_DOWNGRADE

CATALOGUE = (*ADDITIVE, *NEEDS_DOWNGRADE, *LOSSY, *ASKED, *IRREVERSIBLE)
