"""A redirecting proxy that answers from a recorded conversation: mitmproxy and its own server replay.

The first line of stdin says what to do; what happens goes out as lines of JSON. When stdin ends, it ends.

    {"address", "port", "folder", "miss", "exchanges": [{"method", "uri", "label", "response", "body"}]}    (bytes in base64)
    -> {"op": "up"}
    -> {"op": "answer", "method", "uri", "label", "bytes"}

An upstream is never connected to: requests are answered before mitmproxy would look for one, and where one would be
asked all the same there is a closed port of this host, so that the client gets an error of the proxy.
"""

import asyncio
import json
import sys
from base64 import b64decode
from urllib.parse import parse_qsl, urlsplit

from mitmproxy import http, options
from mitmproxy.net.http import http1
from mitmproxy.tools.dump import DumpMaster

# "discard": nothing listens there.
NOWHERE = "reverse:http://127.0.0.1:9"


def say(**what):
    print(json.dumps(what), flush=True)


def recorded_flow(exchange):
    """One exchange as mitmproxy keeps them."""
    method, uri = exchange["method"].encode(), exchange["uri"].encode()
    flow = http.HTTPFlow(None, None)
    flow.request = http.Request(
        "recorded", 80, method, b"http", b"", uri, b"HTTP/1.1", http.Headers(), b"", None, 0, 0
    )
    head, _, _ = b64decode(exchange["response"]).partition(b"\r\n\r\n")
    flow.response = http1.read_response_head(head.split(b"\r\n"))
    flow.response.data.content = b64decode(exchange["body"])
    return flow


class Answers:
    """After mitmproxy's server replay: what it found no answer for gets the miss policy, and everything is told."""

    def __init__(self, master, exchanges, miss):
        self.master = master
        self.miss = miss
        self.flows = [recorded_flow(exchange) for exchange in exchanges]
        # What mitmproxy sends in other bytes than those of the recording is not the recording.
        self.labels = {b64decode(exchange["response"]): exchange["label"] for exchange in exchanges}

    def running(self):
        self.master.addons.get("serverplayback").load_flows(self.flows)
        say(op="up")

    def request(self, flow):
        if flow.response is not None or flow.error is not None:
            return
        flow.metadata["miss"] = True
        if self.miss == "empty-200":
            flow.response = http.Response.make(200, b"")
        else:
            self.tell(flow, "refused", 0)
            flow.kill()

    def response(self, flow):
        answer = http1.assemble_response(flow.response)
        label = "refused" if "miss" in flow.metadata else self.labels.get(answer, "substituted")
        self.tell(flow, label, len(answer))

    def tell(self, flow, label, count):
        say(op="answer", method=flow.request.method, uri=flow.request.path, label=label, bytes=count)


async def until_stdin_ends(master):
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    await reader.read()
    master.shutdown()


async def main():
    config = json.loads(sys.stdin.readline())
    exchanges = config["exchanges"]
    chosen = options.Options(
        listen_host=config["address"],
        listen_port=config["port"],
        mode=NOWHERE,
        confdir=config["folder"],
    )
    master = DumpMaster(chosen, with_termlog=False, with_dumper=False)
    queries = [parse_qsl(urlsplit(each["uri"]).query, keep_blank_values=True) for each in exchanges]
    chosen.update(
        # Nobody is connected to before a request is read, and so nobody ever.
        connection_strategy="lazy",
        # As the other ways match: by method and path, in recorded order.
        server_replay_ignore_content=True,
        server_replay_ignore_host=True,
        server_replay_ignore_port=True,
        server_replay_ignore_params=sorted({name for query in queries for name, _ in query}),
        # The recorded bytes, not the dates of today.
        server_replay_refresh=False,
    )
    master.addons.add(Answers(master, exchanges, config["miss"]))
    end = asyncio.create_task(until_stdin_ends(master))
    await master.run()
    end.cancel()


asyncio.run(main())
