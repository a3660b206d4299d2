import { readFileSync } from "node:fs";
import test from "ava";
import { scenarioJsonSchemaText } from "./json-schema.ts";

const published = new URL("../../scenarios/scenario.schema.json", import.meta.url);

test("the published JSON Schema is the current one", (t) => {
  t.is(
    readFileSync(published, "utf8"),
    scenarioJsonSchemaText(),
    "write it anew with: node src/scenario/write-json-schema.ts",
  );
});
