import test from "ava";
import fc from "fast-check";
import { isPhpTarget } from "./php.ts";

const uris = test.macro({
  exec: (t, uri: string, expected: boolean) => t.is(isPhpTarget(uri), expected),
  title: (_, uri, expected) => `${uri} ${expected ? "is" : "is not"} a *.php`,
});

test(uris, "/gate.php", true);
test(uris, "/zeus/gate.php?id=1&x=a/b", true);
test(uris, "/GATE.PHP", true);
test(uris, "/gate.php/path/info", true);
test(uris, "/gate.php/", true);
test(uris, "/gate.php#top", true);
test(uris, "http://c2.example/gate.php", true);
test(uris, "HTTP://c2.example:8080/gate.php?x", true);
test(uris, "/gate%2Ephp", true);
test(uris, "/gate.%70hp", true);
test(uris, "/", false);
test(uris, "", false);
test(uris, "*", false);
test(uris, "/config.bin", false);
test(uris, "/index.php5", false);
test(uris, "/index.phpx/a", false);
test(uris, "/php", false);
test(uris, "/search?next=/gate.php", false);
test(uris, "/page#/gate.php", false);
test(uris, "/gate.php%2Fx", false);
test(uris, "http://gate.php", false);
test(uris, "http://gate.php?x", false);
test(uris, "gate.php:443", false);
test(uris, "/%zz%", false);

test("what stands behind the ? does not matter", (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom("/gate.php", "/index.html", "/a/b.php/c"),
      fc.string(),
      (path, q) => isPhpTarget(`${path}?${q}`) === isPhpTarget(path),
    ),
  );
  t.pass();
});
