"""Scripts for a shell in the container of a Redis.

Each is given the port and the user of the server in use. Those about copies work in a folder of
their own beside the data, and first end what a script of a killed Tidegate still does there.
"""

from __future__ import annotations

FOLDER = "tidegate-beside"
"""Inside the folder in which the server keeps its data."""
PORT = 16399
"""Of the server that reads a copy. It listens on the container's loopback address alone, for as
long as a script runs."""
CLUSTER, SEVERAL, REPLICA, NO_FOLDER, NOT_READ, NOT_ON_DISK = (
    f"tidegate: {word}"
    for word in ("cluster", "several servers", "replica", "no folder", "not read", "not on disk")
)
"""What a script says when it fails by itself."""

_LIVE = f"""\
umask 077; port=$1 user=$2
live() {{
  if [ -n "$user" ]; then redis-cli -h 127.0.0.1 -p "$port" --user "$user" "$@"
  else redis-cli -h 127.0.0.1 -p "$port" "$@"; fi
}}
fail() {{ printf '%s\\n' "$1" >&2; exit 1; }}
setting() {{ live config get "$1" | sed -n 2p; }}
says() {{ live info "$1" | tr -d '\\r' | grep -qx "$2"; }}
find_data() {{
  data=$(setting dir); [ -d "$data" ] || fail "{NO_FOLDER} $data $(live config get dir)"
}}
"""

ASK = f"""{_LIVE}
good=$3; shift 3
said=$(live "$@") || exit 1
case $said in "$good"*) printf '%s\\n' "$said" ;; *) fail "$said" ;; esac
"""
"""Print the answer to a command; fail with it unless it begins with the third argument."""

ROOM = f"""{_LIVE}
find_data
live info memory
sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/available:\\1/p' /proc/meminfo
for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
  [ -r $limit ] && echo "limit:$(cat $limit)"
done
echo "disk:$(df -Pk "$data" | tail -n 1)"
"""

_STANDS_ALONE = f"""\
find_data
says cluster cluster_enabled:0 || fail "{CLUSTER}"
[ -z "$(setting masterauth)" ] || fail "{SEVERAL}"
says replication role:master || says replication master_port:{PORT} || fail "{REPLICA}"
"""
"""What could not be put back is not saved either. A killed script may have left it as a replica of
the copy."""

DUMP = f"""{_LIVE}{_STANDS_ALONE}
look() {{ live info | grep -E '^(rdb_changes_since_last_save|db[0-9]+):' >&2; }}
look
{{ trap exit TERM; while kill -0 $$ 2>/dev/null; do look; sleep 0.1; done; }} & counting=$!
live --rdb -; code=$?
kill $counting; wait $counting; look; exit $code
"""
"""Print an RDB file. What is counted before, meanwhile over and over, and after, goes to stderr.

After the file's end may stand the 40 bytes by which a server without a file of its own ends a
transfer; who reads the file stops before them.
"""

_END_OTHERS = f"""\
is_ours() {{ tr '\\0' ' ' <"/proc/$1/cmdline" | grep -q {PORT}; }}
end_others() {{
  other=$(cat running 2>/dev/null) || return 0
  while is_ours "$other" 2>/dev/null; do
    kill -9 "-$other" 2>/dev/null || kill -9 "$other"; sleep 0.1
  done
}}
"""
"""A script leads a process group of its own."""

LOOK = f"""{_LIVE}{_END_OTHERS}
find_data; cd "$data/{FOLDER}" 2>/dev/null || exit 0
end_others
for one in new.rdb old.rdb; do [ -e $one ] && echo $one; done; exit 0
"""
"""Print which copies there are."""

COUNTS = f"""{_LIVE}
find_data; cat "$data/{FOLDER}/counts"
"""

REMOVE = f"""{_LIVE}{_END_OTHERS}
find_data; cd "$data/{FOLDER}" 2>/dev/null || exit 0
end_others
shift 2; rm -f -- "$@" running said; cd .. && rmdir {FOLDER} 2>/dev/null; exit 0
"""
"""Remove files, and the folder where it is empty then."""

_BESIDE = f"""{_LIVE}{_STANDS_ALONE}{_END_OTHERS}
mkdir -p "$data/{FOLDER}" && cd "$data/{FOLDER}" || exit 1
end_others; echo $$ >running
live replicaof no one >/dev/null  # before anything listens at that port again
copy() {{ (unset REDISCLI_AUTH; exec redis-cli -h 127.0.0.1 -p {PORT} "$@") }}
serve() {{
  redis-server --port {PORT} --bind 127.0.0.1 --protected-mode no --dir "$PWD" --dbfilename "$1" \\
    --databases "$(setting databases)" --save '' --appendonly no --logfile '' \\
    --repl-diskless-sync yes --repl-diskless-sync-delay 0 >said 2>&1 & serving=$!
  trap stop EXIT
  until [ "$(copy ping 2>/dev/null)" = PONG ]; do still_serves; sleep 0.1; done
}}
still_serves() {{ kill -0 $serving 2>/dev/null || fail "$(tail -n 5 said)"; }}
stop() {{ kill $serving 2>/dev/null; wait $serving; rm -f running said; }}
"""

STAND = f"""{_BESIDE}
rm -f making.rdb new.rdb old.rdb counts; cat >making.rdb || exit 1
serve making.rdb
copy info keyspace >counts && mv making.rdb new.rdb
"""
"""Keep what is given as a copy, once a server has read all of it and has counted its keys."""

SWAP = f"""{_BESIDE}
[ -e old.rdb ] || {{ live --rdb old.making >&2 && mv old.making old.rdb; }} || exit 1
serve new.rdb
# An RDB file knows the history that it is from. The server in use is of the same one, and would
# take the copy for its own past, from which there is nothing to read. So the copy gets a new one.
new_history=$(copy replicaof 127.0.0.1 1; copy replicaof no one)
[ "$(echo $new_history)" = "OK OK" ] || fail "$new_history"
trap 'live replicaof no one >/dev/null; stop' EXIT
said=$(live replicaof 127.0.0.1 {PORT}); [ "$said" = OK ] || fail "$said"
until says replication master_link_status:up; do still_serves; sleep 0.1; done
copy info stats | tr -d '\\r' | grep -qx sync_partial_ok:0 || fail "{NOT_READ}"
said=$(live replicaof no one); [ "$said" = OK ] || fail "$said"
if says persistence aof_enabled:1; then
  until says persistence aof_rewrite_in_progress:0 && says persistence aof_rewrite_scheduled:0
  do sleep 0.1; done
  says persistence aof_last_bgrewrite_status:ok || fail "{NOT_ON_DISK}"
else
  until said=$(live save); [ "$said" = OK ]; do
    case $said in *progress*) sleep 0.1 ;; *) fail "{NOT_ON_DISK}: $said" ;; esac
  done
fi
rm -f new.rdb counts
"""
"""Let the server in use read the copy as a replica does, write it down, and end the copy."""
