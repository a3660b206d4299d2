import test from "ava";
import { serverByTarget } from "./server.ts";
import { exampleTransaction } from "./transaction-fixture.ts";

const proxied = test.macro({
  exec: (t, method: string, uri: string, expected: string) => {
    const server = { address: "10.0.0.1", port: 3128 };
    t.is(serverByTarget(exampleTransaction(0, 0, { server, method, uri })), expected);
  },
  title: (_, method, uri, expected) => `${method} ${uri} at a proxy is a request to ${expected}`,
});

test(proxied, "POST", "http://C2.example/gate.php", "c2.example");
test(proxied, "POST", "http://c2.example:8080/gate.php", "c2.example:8080");
test(proxied, "GET", "https://c2.example/", "c2.example:443");
test(proxied, "GET", "http://203.0.113.9/gate.php", "203.0.113.9:80");
test(proxied, "GET", "http://[2001:db8::1]:81/gate.php", "[2001:db8::1]:81");
test(proxied, "CONNECT", "c2.example:443", "c2.example:443");

// Nothing is named that can be a host: the Host header is not asked instead.
test(proxied, "GET", "/gate.php", "10.0.0.1:3128");
test(proxied, "GET", "http:///gate.php", "10.0.0.1:3128");
test(proxied, "CONNECT", "no host", "10.0.0.1:3128");
