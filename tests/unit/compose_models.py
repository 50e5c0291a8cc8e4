"""What `docker compose config --format json` (v2.40) printed for a team's files, with paths made
general."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

_MODEL: dict[str, Any] = {
    "name": "cloudlens-prod",
    "networks": {
        "data": {"name": "shared-data", "ipam": {}, "external": True},
        "default": {"name": "cloudlens-prod_default", "ipam": {}},
    },
    "services": {
        "backend": {
            "profiles": ["app"],
            "build": {"context": "/srv/src", "dockerfile": "Dockerfile"},
            "command": None,
            "container_name": "cloudlens-backend",
            "depends_on": {
                "mysql": {"condition": "service_healthy", "required": True},
                "worker": {"condition": "service_started", "required": True},
            },
            "deploy": {"resources": {"limits": {"memory": "536870912"}}, "placement": {}},
            "entrypoint": None,
            "environment": {"MYSQL_PASSWORD": "a$$b"},
            "healthcheck": {
                "test": ["CMD", "python", "x"],
                "interval": "30s",
                "start_period": "40s",
            },
            "image": "songqipeng/cloudlens-backend:v1.1.0",
            "labels": {"team": "lens"},
            "links": ["mysql"],
            "mem_limit": "536870912",
            "networks": {
                "data": None,
                "default": {"aliases": ["api"], "ipv4_address": "172.30.0.9"},
            },
            "ports": [{"mode": "ingress", "target": 8000, "published": "8000", "protocol": "tcp"}],
            "restart": "unless-stopped",
            "volumes": [
                {
                    "type": "bind",
                    "source": "/srv/stack/config/app.conf",
                    "target": "/etc/app.conf",
                    "read_only": True,
                    "bind": {"create_host_path": True},
                },
                {"type": "volume", "source": "uploads", "target": "/app/uploads", "volume": {}},
                {"type": "volume", "source": "cache", "target": "/app/cache", "volume": {}},
                {"type": "volume", "target": "/tmp/anonymous"},
            ],
        },
        "mysql": {
            "command": None,
            "container_name": "cloudlens-mysql",
            "entrypoint": None,
            "environment": {"MYSQL_PASSWORD": "a$$b"},
            "image": "mysql:8.0",
            "networks": {"default": None},
            "ports": [
                {
                    "mode": "ingress",
                    "host_ip": "127.0.0.1",
                    "target": 3306,
                    "published": "3306",
                    "protocol": "tcp",
                }
            ],
            "volumes": [
                {"type": "volume", "source": "mysql_data", "target": "/var/lib/mysql", "volume": {}}
            ],
        },
        "redis": {
            "command": None,
            "entrypoint": None,
            "image": "redis:7-alpine",
            "networks": {"data": None, "default": None},
        },
        "worker": {
            "command": ["sh", "-c", "echo $$HOME"],
            "entrypoint": None,
            "image": "songqipeng/cloudlens-worker:1",
            "mem_limit": "104857600",
            "networks": {"default": None},
        },
    },
    "volumes": {
        "cache": {"name": "cloudlens-prod_cache"},
        "mysql_data": {"name": "cloudlens-prod_mysql_data"},
        "uploads": {"name": "pinned-uploads"},
    },
}


def model(**changes: dict[str, Any]) -> dict[str, Any]:
    """A fresh copy; `backend={"restart": "no"}` changes keys of a service, None takes a key out."""
    fresh = deepcopy(_MODEL)
    for name, keys in changes.items():
        service = fresh["services"].setdefault(name, {}) | keys
        fresh["services"][name] = {
            key: value for key, value in service.items() if value is not None
        }
    return fresh
