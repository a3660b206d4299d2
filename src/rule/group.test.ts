import test from "ava";
import fc from "fast-check";
import { InputError } from "../base/errors.ts";
import { formatGroup, parseGroup, parseGroups } from "./group.ts";

const understood = test.macro({
  exec(t, text: string, expected: string) {
    t.is(formatGroup(parseGroup(text)), expected);
    t.is(formatGroup(parseGroup(expected)), expected);
  },
  title: (_, text) => `the group "${text}" is understood`,
});

test(
  understood,
  "group_id=1,type=all,bucket=2,bucket=actions=3,4",
  "group_id=1,type=all,bucket=bucket_id:0,actions=output:2,bucket=bucket_id:1,actions=output:3,output:4",
);
test(
  understood,
  "group_id=1 type=select bucket=weight:5,actions=2 bucket=weight=0,bucket_id:9,output:3",
  "group_id=1,type=select,bucket=bucket_id:0,weight:5,actions=output:2,bucket=bucket_id:9,weight:0,actions=output:3",
);
test(
  understood,
  "group_id=1,type=select,selection_method=hash,fields(ip_dst,tcp_dst),bucket=2",
  "group_id=1,type=select,bucket=bucket_id:0,actions=output:2",
);
test(
  understood,
  "group_id=7,type=fast_failover,bucket=watch_port:2,actions=2,bucket=watch_group:3,group:3",
  "group_id=7,type=ff,bucket=bucket_id:0,watch_port:2,actions=output:2,bucket=bucket_id:1,watch_group:3,actions=group:3",
);
test(
  understood,
  "group_id=4294967040,type=indirect,bucket=actions=ct(commit,table=1),mod_dl_src:52:54:00:00:00:01,learn(table=1)",
  "group_id=4294967040,type=indirect,bucket=bucket_id:0,actions=ct(commit,table=1),mod_dl_src:52:54:00:00:00:01,learn(table=1)",
);

const refused = test.macro({
  exec(t, text: string, line: string) {
    const error = t.throws(() => parseGroups(`\n${text}`, undefined, "groups.txt"), {
      instanceOf: InputError,
    });
    t.is(error?.line, `groups.txt:2:${line}`);
  },
  title: (_, text) => `the group "${text}" is refused`,
});

test(refused, "type=all,bucket=2", "1: a group needs group_id=…");
test(
  refused,
  "group_id=1,bucket=2",
  "1: a group needs type=… (all, select, indirect, ff, fast_failover)",
);
test(
  refused,
  "group_id=1,type=al,bucket=2",
  '17: found "al", expected one of all, select, indirect, ff, fast_failover',
);
test(
  refused,
  "group_id=0xffffff01,type=all",
  '10: found "0xffffff01", expected a number of at most 4294967040',
);
test(
  refused,
  "group_id=1,type=all,buckets=2",
  '21: found "buckets", expected a part of a group (nearest: bucket)',
);
test(refused, "group_id=1,type=indirect,bucket=2,bucket=3", "1: an indirect group has one bucket");
test(
  refused,
  "group_id=1,type=ff,bucket=2",
  "27: a bucket of a fast failover group needs watch_port or watch_group",
);
test(
  refused,
  "group_id=1,type=all,bucket=weight:5,actions=2",
  "35: only buckets of a select group have a weight",
);
test(
  refused,
  "group_id=1,type=all,bucket=bucket_id:1,2,bucket=3",
  "49: two buckets have the number 1",
);
test(refused, "group_id=1,type=all,bucket=", "28: the bucket has no actions");
test(
  refused,
  "group_id=1,type=all,bucket=goto_table:5",
  "28: goto_table cannot stand within group",
);

test("a group reads back as it was written, whatever its buckets", (t) => {
  const bucket = fc.record({ weight: fc.nat(65_535), port: fc.integer({ min: 1, max: 0xfeff }) });
  fc.assert(
    fc.property(fc.nat(0xffff), fc.array(bucket, { maxLength: 4 }), (id, list) => {
      const buckets = list.map(({ weight, port }, i) => ({
        id: i,
        weight,
        actions: [{ kind: "output" as const, port }],
      }));
      const group = { id, type: "select" as const, buckets };
      t.deepEqual(parseGroup(formatGroup(group)), group);
    }),
  );
});
