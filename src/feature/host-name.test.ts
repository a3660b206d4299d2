import test from "ava";
import fc from "fast-check";
import { formatNamedServer, parseHost } from "./host-name.ts";

const names = test.macro({
  exec: (t, text: string, name: string, port: number | null = null) =>
    t.deepEqual(parseHost(text), { name, isAddress: false, port }),
  title: (_, text, name) => `${text} is the host name ${name}`,
});

test(names, "c2.example", "c2.example");
test(names, "C2.Example.:8080", "c2.example", 8080);
test(names, "c2.example:", "c2.example");
test(names, "localhost", "localhost");
test(names, "a_b.4chan.org", "a_b.4chan.org");

const addresses = test.macro({
  exec: (t, text: string, name: string) =>
    t.like(parseHost(text), { name, isAddress: true, port: 80 }),
  title: (_, text) => `${text} is an address`,
});

test(addresses, "203.0.113.9:80", "203.0.113.9");
test(addresses, "[2001:DB8::1]:80", "2001:db8::1");

const neither = test.macro({
  exec: (t, text: string) => t.is(parseHost(text), null),
  title: (_, text: string) =>
    `${JSON.stringify(text.slice(0, 20))} is neither a name nor an address`,
});

for (const text of ["", ":80", "a b", "a/b", "2130706433", "0x7f.1", "[c2.example]", "c2:65536"])
  test(neither, text);
for (const text of ["a:b:c", "a..b", `${"a.".repeat(140)}a`, "c2\u00e9.example"])
  test(neither, text);

test("whatever a client writes is read without an error, and a name that was read is read the same again", (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
      const host = parseHost(text);
      if (host === null || host.isAddress) return;
      t.deepEqual(parseHost(host.name), { ...host, port: null });
      t.regex(host.name, /^[a-z0-9_.-]+$/);
    }),
  );
});

test("a port is said where it is not 80", (t) => {
  t.is(formatNamedServer("c2.example", 80), "c2.example");
  t.is(formatNamedServer("c2.example", 8080), "c2.example:8080");
});
