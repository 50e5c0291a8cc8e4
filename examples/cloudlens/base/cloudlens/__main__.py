"""`python -m cloudlens` serves on port 8000 until SIGTERM, then answers what it has begun."""

import uvicorn

from cloudlens.settings import log_level

# Shorter than the 30 s that a stop waits before SIGKILL.
DRAIN_SECONDS = 28

if __name__ == "__main__":
    uvicorn.run(
        "cloudlens.app:app",
        host="0.0.0.0",
        port=8000,
        log_level=log_level(),
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
