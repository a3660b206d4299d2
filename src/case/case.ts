import { z } from "zod";

/**
 * A switch case: the rules of one bridge, and what happened to it step by step, as recorded from the real Open vSwitch.
 * The schema is the one source of its type.
 */

const hexSchema = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/i, "must be hexadecimal, two digits for each byte");

/** A port's number, its name, or one of OpenFlow's reserved names (`LOCAL`, `CONTROLLER`, `NONE`). */
const portSchema = z.union([z.int().min(0).max(0xffff), z.string().min(1)], {
  error: "must be a port's number or name",
});

const sentSchema = z.strictObject({ port: portSchema, hex: hexSchema });

/** A packet-in: what `ovs-ofctl monitor` prints of it between its type and `data_len`, and the frame. */
const packetInSchema = z.strictObject({ meta: z.string(), hex: hexSchema });

const linesSchema = z.array(z.string());

/** A command line's arguments, one by one or in one text. */
const argumentsSchema = z
  .union([z.array(z.union([z.string(), z.number()])), z.string()], {
    error: "must be a list of arguments, or a text",
  })
  .transform((value) =>
    typeof value === "string"
      ? value.split(/\s+/).filter((word) => word !== "")
      : value.map(String),
  );

const note = z.string().optional();

const STEPS = {
  packet: z.strictObject({
    op: z.literal("packet"),
    in_port: portSchema,
    hex: hexSchema,
    expect: z.array(sentSchema),
    packet_in: z.array(packetInSchema).optional(),
    note,
  }),
  packet_out: z.strictObject({
    op: z.literal("packet_out"),
    in_port: portSchema.optional(),
    actions: z.string(),
    hex: hexSchema,
    expect: z.array(sentSchema),
    packet_in: z.array(packetInSchema).optional(),
    note,
  }),
  ct: z.strictObject({ op: z.literal("ct"), expect: linesSchema, note }),
  dump_flows: z.strictObject({ op: z.literal("dump_flows"), expect: linesSchema, note }),
  ofctl: z.strictObject({
    op: z.literal("ofctl"),
    cmd: z.string().min(1),
    args: argumentsSchema.optional(),
    text: z.string().nullable().optional(),
    note,
  }),
  flush: z.strictObject({
    op: z.literal("flush"),
    args: argumentsSchema.optional(),
    via: z.enum(["ofctl", "dpctl"]).optional(),
    note,
  }),
  dpctl: z.strictObject({
    op: z.literal("dpctl"),
    cmd: z.string().min(1),
    args: argumentsSchema.optional(),
    expect: z.union([z.string(), linesSchema]).nullable().optional(),
    note,
  }),
  warp: z.strictObject({ op: z.literal("warp"), ms: z.int().min(0), note }),
} as const;

export type StepKind = keyof typeof STEPS;

export const STEP_KINDS = Object.keys(STEPS) as readonly StepKind[];

export const stepSchema = z.discriminatedUnion("op", [
  STEPS.packet,
  STEPS.packet_out,
  STEPS.ct,
  STEPS.dump_flows,
  STEPS.ofctl,
  STEPS.flush,
  STEPS.dpctl,
  STEPS.warp,
]);

export const caseSchema = z.strictObject({
  name: z.string().min(1),
  /** Where the case is from. */
  source: z.string().optional(),
  kind: z.string().optional(),
  /** What it shows. */
  note: z.string().optional(),
  /** The switch that it was recorded from. */
  oracle: z.string().optional(),
  ports: z.array(z.strictObject({ no: z.int().min(1).max(0xfeff), name: z.string().min(1) })),
  /** As `ovs-ofctl add-flows` reads it. */
  flows: z.string(),
  steps: z.array(stepSchema),
});

export type SwitchCase = z.infer<typeof caseSchema>;
export type Step = z.infer<typeof stepSchema>;
export type StepOf<K extends StepKind> = Extract<Step, { op: K }>;
export type CasePort = z.infer<typeof portSchema>;
