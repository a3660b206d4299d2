"""Frames of network interfaces, in and out, over pipes: `packets.py INTERFACE...`.

On stdin: records to send, each a header (interface index in the arguments, length) and the frame. Index 254: a question,
answered on stdout with index 254, after everything that was seen so far; its time says how many frames were lost until now.
On stdout: records seen, each a header (interface index, direction, nanoseconds of the real-time clock, length) and the
frame. Direction 1: sent by this side of the interface, 0: received. With `--send-only` nothing is captured, with
`--received` only what comes in.
Ends when stdin ends.
"""

import os
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 0x0003
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_IGNORE_OUTGOING = 23
PACKET_OUTGOING = 4
SO_TIMESTAMPNS = 35
BUFFER_BYTES = 64 << 20
SNAP_BYTES = 65536
BEGUN = 255
QUESTION = 254

SEND = struct.Struct("<BI")
SEEN = struct.Struct("<BBQI")


def open_socket(name, captures):
    """A raw socket on one interface; without capture it is bound to no protocol, so that it receives nothing."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    if captures:
        try:
            raw.setsockopt(socket.SOL_SOCKET, 33, BUFFER_BYTES)  # SO_RCVBUFFORCE
        except PermissionError:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        raw.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        if "--received" in sys.argv:
            raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    raw.bind((name, ETH_P_ALL if captures else 0))
    raw.setblocking(False)
    return raw


def seen(index, raw, out, until_ns):
    """
    Copy every frame that waits on a socket to the output, up to the first that came after `until_ns`: more may come than can
    be copied, and neither another socket nor a question must wait for an end of it.
    """
    time_ns = 0
    while time_ns <= until_ns:
        try:
            frame, ancillary, _, address = raw.recvmsg(SNAP_BYTES, 64)
        except (BlockingIOError, OSError):
            # Nothing more waits, or the interface has gone.
            return
        time_ns = 0
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", data[:16])
                time_ns = seconds * 1_000_000_000 + nanoseconds
        direction = 1 if address[2] == PACKET_OUTGOING else 0
        out.write(SEEN.pack(index, direction, time_ns, len(frame)))
        out.write(frame)


def main():
    captures = "--send-only" not in sys.argv
    names = [name for name in sys.argv[1:] if not name.startswith("--")]
    sockets = [open_socket(name, captures) for name in names]
    out = sys.stdout.buffer
    if captures:
        # Whoever started us knows now that nothing is missed any more.
        out.write(SEEN.pack(BEGUN, 0, 0, 0))
        out.flush()
    waiting = {raw.fileno(): (index, raw) for index, raw in enumerate(sockets)} if captures else {}
    poll = select.poll()
    for descriptor in [0, *waiting]:
        poll.register(descriptor, select.POLLIN)
    pending = b""
    dropped = 0
    while True:
        ends = False
        for descriptor, _ in poll.poll():
            if descriptor == 0:
                block = os.read(0, 1 << 16)
                ends = block == b""
                pending += block
                start = 0
                while len(pending) - start >= SEND.size:
                    index, length = SEND.unpack_from(pending, start)
                    end = start + SEND.size + length
                    if len(pending) < end:
                        break
                    frame = pending[start + SEND.size : end]
                    start = end
                    if index == QUESTION:
                        asked_ns = time.time_ns()
                        for number, raw in waiting.values():
                            seen(number, raw, out, asked_ns)
                            # The kernel counts anew after each look.
                            dropped += struct.unpack("II", raw.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
                        out.write(SEEN.pack(QUESTION, 0, dropped, 0))
                        continue
                    try:
                        sockets[index].send(frame)
                    except OSError:
                        # Too long for the interface, or the interface has gone: as on a wire, it is lost.
                        pass
                pending = pending[start:]
            else:
                seen(*waiting[descriptor], out, time.time_ns())
        out.flush()
        if ends:
            return


main()
