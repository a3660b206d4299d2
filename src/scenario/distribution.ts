import { z } from "zod";
import type { Distribution } from "../base/distribution.ts";

/** The schema of a distribution whose every part may be left out. */
export function distribution(defaults: Distribution, description: string) {
  return z
    .strictObject({
      mean: z.number().positive().default(defaults.mean),
      sd: z.number().nonnegative().default(defaults.sd),
      min: z.number().nonnegative().default(defaults.min),
      max: z.number().positive().default(defaults.max),
    })
    .prefault({})
    .meta({
      description: `${description} Log-normal with this mean and sd, held within min and max.`,
    });
}
