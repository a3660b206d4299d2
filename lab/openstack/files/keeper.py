"""The first process of an OpenStack lab's namespaces. It does nothing but reap; when it ends, the kernel ends the rest.

    keeper.py FOLDER MAKER    FOLDER/keeper.pid gets its number, as the machine's other processes know it. It ends with
                              the process MAKER, unless there is a file FOLDER/stays by then.
"""

import os
import signal
import sys

LOOK_S = 0.5


def ended(maker: int) -> bool:
    try:
        os.stat("stat", dir_fd=maker)
        return False
    except OSError:
        return True


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def main(folder: str, maker: str) -> None:
    # /proc is the machine's still: from its own view nobody inside sees the maker.
    number = os.readlink("/proc/self")
    watched = os.open(f"/proc/{maker}", os.O_RDONLY | os.O_DIRECTORY)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    part = os.path.join(folder, "keeper.part")
    with open(part, "w", encoding="ascii") as file:
        file.write(number)
    os.rename(part, os.path.join(folder, "keeper.pid"))
    while os.path.exists(os.path.join(folder, "stays")) or not ended(watched):
        reap()
        signal.sigtimedwait([signal.SIGCHLD], LOOK_S)


main(*sys.argv[1:])
