"""Whom our HTTPS clients trust. The list is read once, in the parent of all runs: reading it takes
longer than a request, and a switch makes seven clients."""

from __future__ import annotations

import httpx

TRUSTED = httpx.create_ssl_context(trust_env=False)
