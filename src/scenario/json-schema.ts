import { z } from "zod";
import { scenarioSchema } from "./scenario.ts";

/** JSON Schema as far as zod makes it from a scenario. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

/** The JSON Schema of a scenario file, for editors. */
export function scenarioJsonSchema() {
  return {
    ...z.toJSONSchema(scenarioSchema, { io: "input" }),
    title: "isoreplay scenario",
  };
}

/** The text of `scenarios/scenario.schema.json`. */
export function scenarioJsonSchemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
}
