import type { BotProgram, CncProgram } from "../zeus/program.ts";
import type {
  BeaconProgram,
  BrowserProgram,
  CanaryProgram,
  ScriptedClientProgram,
  ScriptedServerProgram,
  WebSiteProgram,
} from "./spec.ts";

/** Everything that can run on a host of a lab, as plain JSON. A new kind is added here and in run.ts. */
export type Program =
  | BotProgram
  | CncProgram
  | WebSiteProgram
  | BrowserProgram
  | BeaconProgram
  | CanaryProgram
  | ScriptedClientProgram
  | ScriptedServerProgram;
