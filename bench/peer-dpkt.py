"""HTTP messages of a capture with dpkt, as a short script would find them: segments in order, one stream per direction.

Prints method and target or status, and the length of the body. Usage: peer-dpkt.py CAPTURE
"""

import sys

import dpkt


def messages(stream, is_request):
    """The whole messages at the front of a stream; they are taken off it."""
    kind = dpkt.http.Request if is_request else dpkt.http.Response
    while stream:
        try:
            message = kind(bytes(stream))
        except dpkt.UnpackError:
            return
        length = len(stream) - len(message.data)
        if length == 0:
            return
        del stream[:length]
        yield message


def main(path):
    streams = {}
    with open(path, "rb") as file:
        for _, packet in dpkt.pcap.Reader(file):
            ip = dpkt.ethernet.Ethernet(packet).data
            if not isinstance(ip, (dpkt.ip.IP, dpkt.ip6.IP6)):
                continue
            tcp = ip.data
            if not isinstance(tcp, dpkt.tcp.TCP):
                continue
            key = (ip.src, tcp.sport, ip.dst, tcp.dport)
            if tcp.flags & dpkt.tcp.TH_SYN:
                streams[key] = [(tcp.seq + 1) & 0xFFFFFFFF, bytearray()]
                continue
            stream = streams.get(key)
            if stream is None:
                continue
            if tcp.data and tcp.seq == stream[0]:
                stream[0] = (tcp.seq + len(tcp.data)) & 0xFFFFFFFF
                stream[1] += tcp.data
                is_request = tcp.dport < tcp.sport
                # A message that has begun is tried again only when a segment is not full: it may be the last one.
                if len(tcp.data) < 1448:
                    for message in messages(stream[1], is_request):
                        start = f"{message.method} {message.uri}" if is_request else message.status
                        print(start, len(message.body))
            if tcp.flags & (dpkt.tcp.TH_FIN | dpkt.tcp.TH_RST):
                del streams[key]


main(sys.argv[1])
