#!/bin/sh
# As the public image: an empty data folder is prepared from the POSTGRES_* variables, a used one is left as it is.
set -e
bin=$(ls -d /usr/lib/postgresql/*/bin) data=/var/lib/postgresql/data
as_postgres="setpriv --reuid=postgres --regid=postgres --init-groups"
mkdir -p $data && chown postgres: $data && chmod 700 $data
if [ ! -f $data/PG_VERSION ]; then
  : "${POSTGRES_PASSWORD:=$(cat "${POSTGRES_PASSWORD_FILE:-/dev/null}")}"
  printf %s "$POSTGRES_PASSWORD" >/run/password && chown postgres: /run/password
  $as_postgres $bin/initdb -D $data -U "$POSTGRES_USER" --pwfile=/run/password -E UTF8 --no-sync >/dev/null
  rm /run/password
  echo 'host all all all scram-sha-256' >>$data/pg_hba.conf
  printf 'CREATE DATABASE "%s"' "$POSTGRES_DB" | $as_postgres $bin/postgres --single -D $data postgres >/dev/null
fi
exec $as_postgres $bin/postgres -D $data -c listen_addresses='*'
