import type { Scenario } from "../scenario/scenario.ts";

/** The scenario's `assertions`. */
export type Thresholds = Scenario["assertions"];
