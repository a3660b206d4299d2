import test from "ava";
import { traced } from "../../sim/trace/trace.fixture.ts";
import { renderPage } from "./page.ts";
import { TRACE_VERSION, type Trace } from "./record.ts";
import { renderText } from "./text.ts";

const RULES = `
priority=9,in_port=1,tcp,actions=ct(commit,zone=4,nat(dst=10.0.0.9),table=3)
table=3,cookie=0x77,ip,actions=mod_nw_ttl:9,output:2
priority=1,udp,actions=output:"<b>"
`;
const packets = traced(RULES, "in_port=1,tcp", "in_port=1,udp", "in_port=1,arp");
const trace: Trace = {
  kind: "isoreplay-trace",
  version: TRACE_VERSION,
  rules: "a/<i>.rules",
  ports: [],
  packets,
};

test("the page holds everything that the text says", (t) => {
  const page = renderPage(trace);
  for (const word of [
    "Table 3",
    "cookie 0x77",
    "conntrack, zone 4",
    "nf_conntrack_confirm",
    "10.0.0.9",
    "packet 3 of 3",
    "No rule matches.",
  ])
    t.true(page.includes(word), word);
  const text = renderText(trace).join("\n");
  for (const word of [
    " 3. ip, priority 32768, cookie 0x77  [line 3]",
    "NAT nw_dst: 10.0.0.2 -> 10.0.0.9",
    "No match: drop",
  ])
    t.true(text.includes(word), word);
});

test("the page loads nothing, runs nothing, and needs no other file", (t) => {
  const page = renderPage(trace);
  t.notRegex(page, /<script|<link|<img|<iframe|@import|url\(|https?:|\son\w+=/i);
  t.regex(page, /Content-Security-Policy/);
});

test("what comes from the rule file stays text", (t) => {
  const page = renderPage(trace);
  t.false(page.includes("<b>") || page.includes("<i>"));
  t.true(page.includes("&lt;i&gt;.rules"));
});

test("the same trace gives the same bytes", (t) => {
  t.is(renderPage(trace), renderPage(structuredClone(trace)));
});
