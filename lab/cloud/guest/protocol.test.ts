import test from "ava";
import { type GuestConfig, readConsole, readUserData, userData } from "./protocol.ts";

const config: GuestConfig = {
  name: "vm",
  address: "10.10.0.5",
  mac: "02:00:00:00:00:05",
  gateway: "10.10.0.1",
  network: "private",
  speed: 30,
  seed: "1",
  volume: { botId: "b", cookies: [], homepage: "about:blank" },
  starts: [],
};

test("a guest reads what its server was given", (t) => {
  const text = userData(config, 24, 1450);
  t.deepEqual(readUserData(text), config);
  t.deepEqual(text.split("\n").slice(0, 2), ["#isoreplay-guest", "10.10.0.5/24 10.10.0.1 1450"]);
});

test("reports are found among what else a console says", (t) => {
  const text =
    'SeaBIOS\r\nstand-in: up\r\nisoreplay 1 {"op":"up"}\r\n[ 3.1] kernel isoreplay 2 {"op":"off"}\r\nisoreplay 3 {"op":"en';
  t.deepEqual(readConsole(text), [
    { number: 1, report: { op: "up" } },
    { number: 2, report: { op: "off" } },
  ]);
});

test("a report with the kernel's words in the middle is left out, so that its number is missed", (t) => {
  const text =
    'isoreplay 1 {"op":"up"}\nisoreplay 2 {"op":[ 3.1] kernel}\nisoreplay 3 {"op":"off"}\n';
  t.deepEqual(
    readConsole(text).map(({ number }) => number),
    [1, 3],
  );
});
