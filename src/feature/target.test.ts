import test from "ava";
import { authorityOf, pathOf } from "./target.ts";

const paths = test.macro({
  exec: (t, uri: string, expected: string) => t.is(pathOf(uri), expected),
  title: (_, uri, expected) => `the path of ${uri} is ${expected === "" ? "none" : expected}`,
});

test(paths, "/gate.php?id=/x", "/gate.php");
test(paths, "http://c2.example:8080/a/b.php#c", "/a/b.php");
test(paths, "http://c2.example", "");
test(paths, "*", "");
test(paths, "c2.example:443", "");

const authorities = test.macro({
  exec: (t, method: string, uri: string, expected: string | null, port = 0) =>
    t.deepEqual(authorityOf({ method, uri }), expected === null ? null : { host: expected, port }),
  title: (_, method, uri, expected) => `${method} ${uri} names ${expected ?? "nobody"}`,
});

test(authorities, "GET", "http://c2.example/gate.php", "c2.example", 80);
test(authorities, "GET", "HTTPS://user@c2.example:8443?x", "c2.example:8443", 443);
test(authorities, "CONNECT", "c2.example:443", "c2.example:443", 443);
test(authorities, "GET", "/gate.php?u=http://c2.example/", null);
test(authorities, "GET", "ftp://c2.example/a", null);
test(authorities, "OPTIONS", "*", null);
