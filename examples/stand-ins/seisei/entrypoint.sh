#!/bin/sh
# As the entrypoint of the real Odoo: `odoo` with its options, or any other command.
set -e
[ "${1:-}" = odoo ] || exec "$@"
shift
exec python3 /app/odoo_server.py "$@"
