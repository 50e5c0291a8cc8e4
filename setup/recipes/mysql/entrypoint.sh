#!/bin/bash
# As the public mysql image: an empty data folder is prepared from the MYSQL_* variables, a used one is left as it is.
set -euo pipefail
data=/var/lib/mysql

case "${1:-}" in
  -*) set -- mariadbd "$@" ;;
  mysqld) set -- mariadbd "${@:2}" ;;
esac
[ "${1:-}" = mariadbd ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  chown mysql:mysql "$data"
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi

quoted() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\'\'}"; }

# The server runs this before it takes connections. Its last statement leaves the mark that it is done, inside the data.
first_start_sql() {
  local user password database=${MYSQL_DATABASE:-}
  password=$(quoted "${MYSQL_ROOT_PASSWORD:?}")
  # The installer leaves a root@127.0.0.1 without password, which would be met before root@'%'.
  echo "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';"
  echo "FLUSH PRIVILEGES;"
  echo "ALTER USER root@localhost IDENTIFIED BY $password;"
  echo "CREATE USER IF NOT EXISTS root@'%' IDENTIFIED BY $password;"
  echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
  [ -z "$database" ] || echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"
  if [ -n "${MYSQL_USER:-}" ]; then
    user="$(quoted "$MYSQL_USER")@'%'"
    echo "CREATE USER IF NOT EXISTS $user IDENTIFIED BY $(quoted "${MYSQL_PASSWORD:?}");"
    [ -z "$database" ] || echo "GRANT ALL ON \`${database//_/\\_}\`.* TO $user;"
  fi
  echo "SELECT 1 INTO OUTFILE '$data/prepared';"
}

# `begun` without `prepared` is a first start that was killed: nothing in it has ever been served.
if [ ! -d "$data/mysql" ] || { [ -e "$data/begun" ] && [ ! -e "$data/prepared" ]; }; then
  find "$data" -mindepth 1 -delete
  touch "$data/begun"
  cp -a /opt/empty-data/. "$data/"
  # In memory only, and for this user only; gone as soon as the server has read it.
  statements=$(umask 077; mktemp /dev/shm/first-start.XXXXXX)
  first_start_sql > "$statements"
  ( until [ -e "$data/prepared" ]; do sleep 0.2; done; rm -f "$statements" ) &
  set -- "$@" "--init-file=$statements"
fi
exec "$@"
