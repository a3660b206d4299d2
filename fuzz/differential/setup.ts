import fc from "fast-check";
import { STAMP } from "../../lab/ovs/drafts/steps.ts";

const NATS = [
  "",
  "",
  ",nat(src=10.1.1.9)",
  ",nat(src=10.1.1.9:6000)",
  ",nat(dst=10.1.1.2)",
  ",nat(dst=10.1.1.2:8080)",
  ",nat(src=10.1.1.2)",
];

const EXECS = [
  "",
  ",exec(set_field:0x8->ct_mark)",
  ",exec(load:0x77->NXM_NX_CT_LABEL[0..31],move:NXM_NX_REG1[]->NXM_NX_CT_MARK[])",
];

/** The usual pipeline: track, commit what is new, forward; with a stamp that shows what conntrack said. */
const pipeline = ({ translating }: { readonly translating: boolean }) =>
  fc
    .record({
      zone: fc.constantFrom(0, 1, 2),
      nat: translating ? fc.constantFrom(...NATS) : fc.constant(""),
      exec: fc.constantFrom(...EXECS),
      asks: fc.constantFrom("", ",nat"),
      commit: fc.constantFrom("commit", translating ? "commit" : "commit,force"),
      dropsInvalid: fc.boolean(),
      guard: fc.constantFrom("", "", ",in_port=1"),
    })
    .map(({ zone, nat, exec, asks, commit, dropsInvalid, guard }) => [
      `table=0,priority=20,ip,actions=ct(zone=${zone},table=1${asks})`,
      `table=0,priority=19,ipv6,actions=ct(zone=${zone},table=1${asks})`,
      "table=0,priority=18,arp,actions=output:1,output:2,output:3",
      ...(dropsInvalid ? ["table=1,priority=30,ct_state=+inv,actions=drop"] : []),
      `table=1,priority=20,ct_state=+trk+new,ip${guard},actions=ct(${commit},zone=${zone}${nat}${exec},table=2)`,
      `table=1,priority=19,ct_state=+trk+new,ipv6${guard},actions=ct(${commit},zone=${zone}${exec},table=2)`,
      "table=1,priority=10,actions=resubmit(,2)",
      `table=2,priority=20,in_port=1,actions=${STAMP},output:2`,
      `table=2,priority=19,in_port=2,actions=${STAMP},output:1,output:3`,
      `table=2,priority=18,in_port=3,actions=${STAMP},output:2`,
      `table=2,priority=1,actions=${STAMP},output:4`,
      `table=3,priority=1,actions=${STAMP},output:2,in_port`,
    ]);

/** Every table ends somewhere where it can be seen. */
const plain = fc
  .record({ zone: fc.constantFrom(0, 1, 2) })
  .map(({ zone }) => [
    `table=0,priority=20,ip,actions=ct(zone=${zone},nat,table=1)`,
    "table=0,priority=1,actions=output:2,output:3,output:1",
    `table=1,priority=1,actions=${STAMP},output:2,output:1`,
    `table=2,priority=1,actions=${STAMP},output:3`,
    `table=3,priority=1,actions=${STAMP},output:4`,
  ]);

export function setup(choice: { readonly translating: boolean }): fc.Arbitrary<readonly string[]> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 4, arbitrary: plain },
    { weight: 12, arbitrary: pipeline(choice) },
  );
}
