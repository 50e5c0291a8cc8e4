"""`python -m cli.zygote SOCKET PACKAGE...`: a process with Prefect and all flows imported, which forks one process a run.

Three processes, each with one thread, so that forking is safe:

keeper      starts the zygote again when it is killed or its files have changed; imports nothing heavy
zygote      imports, listens, forks; knows nothing about the runs, which therefore outlive it
shepherd    one a run: passes signals to the run's process and its exit status to `cli.warm_start`; ends the run
            when the one that asked for it is gone
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

from cli.watched_files import WatchedFiles

CHANGED = 75   # EX_TEMPFAIL of sysexits.h: try again
FAILED_PAUSE_SECONDS = 60.0   # most likely it fails again, after seconds of importing
LOOK_SECONDS = 1.0
LONGEST_PATH = 90   # unix(7) allows 108 bytes; the draft's name is longer than the socket's
GENERATION = "--zygote"


def main() -> None:
    if sys.argv[1] == GENERATION:
        serve(Path(sys.argv[2]), sys.argv[3:])
    keep(sys.argv[1:])


def keep(arguments: list[str]) -> NoReturn:
    """The keeper. A zygote that was killed or is outdated is followed by another at once; runs start cold meanwhile."""
    if len(os.fsencode(arguments[0])) > LONGEST_PATH:
        sys.exit(f"zygote: the path of its socket is longer than {LONGEST_PATH} bytes: {arguments[0]}")
    while True:
        code = subprocess.run([sys.executable, "-m", "cli.zygote", GENERATION, *arguments], check=False).returncode
        _say(f"ended with {code}; starting again")
        if code > 0 and code != CHANGED:
            time.sleep(FAILED_PAUSE_SECONDS)


def serve(path: Path, packages: list[str]) -> NoReturn:
    """The zygote, until a file that it imported changes or its keeper is gone."""
    keeper, files = os.getppid(), WatchedFiles()
    _import(packages)
    files.watch_imported()
    _refuse_threads()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)   # the kernel collects the shepherds
    gc.collect()
    gc.freeze()   # a collection in a run would copy every page that it shares with us
    with _listening(path) as listener:
        _say("ready")
        while os.getppid() == keeper:
            asked, _, _ = select.select([listener], [], [], LOOK_SECONDS)
            if changed := files.changed():
                _say(f"{changed} has changed")
                sys.exit(CHANGED)
            if asked:
                _fork_for(listener)
    sys.exit(0)


def _import(packages: list[str]) -> None:
    from cli.warm_run import import_all

    import_all(packages)


def _refuse_threads() -> None:
    """A thread that holds a lock at the fork would hold it for ever in the run."""
    names = [Path(f"/proc/self/task/{task}/comm").read_text().strip() for task in os.listdir("/proc/self/task")]
    if len(names) != 1:
        sys.exit(f"importing the flows started threads ({', '.join(names)}): no process can be forked from here")


def _listening(path: Path) -> socket.socket:
    """At `path`, for this user only, in place of what listened there before."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    listener.bind(str(draft))
    draft.chmod(0o600)
    listener.listen()
    draft.replace(path)
    return listener


def _fork_for(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    if os.fork() == 0:
        listener.close()
        from cli.shepherd import shepherd

        shepherd(connection)
        os._exit(0)
    connection.close()


def _say(text: str) -> None:
    print(f"{os.getpid()}: {text}", flush=True)


if __name__ == "__main__":
    main()
