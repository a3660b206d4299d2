// Publishes the JSON Schema of scenarios for editors: node src/scenario/write-json-schema.ts
import { writeFileSync } from "node:fs";
import { scenarioJsonSchemaText } from "./json-schema.ts";

writeFileSync(
  new URL("../../scenarios/scenario.schema.json", import.meta.url),
  scenarioJsonSchemaText(),
);
