import { InputError } from "../base/errors.ts";
import { type Model, parseModel } from "../cluster/model.ts";
import { readText, shipped, shownPath } from "./files.ts";

/** The model in a file; without one, the model that comes with the project. */
export async function readModel(file: string | undefined): Promise<Model> {
  return (await readModelFile(file)).model;
}

/** As readModel, with the file's path and text. */
export async function readModelFile(
  file: string | undefined,
): Promise<{ readonly model: Model; readonly path: string; readonly text: string }> {
  const path = file ?? shownPath(shipped("models", "zeus.json"));
  const text = await readText(path);
  return { model: parseModel(text, path), path, text };
}

/** Labels by capture, client, or both. */
export type Labels = ReadonlyMap<string, string>;

/** The label of what is no bot. */
export const BENIGN = "benign";

/** The labels in a file. */
export async function readLabels(file: string): Promise<Labels> {
  return parseLabels(await readText(file), file);
}

/**
 * Labels for training: a JSON or YAML mapping. A key is the base name of a capture, the address of a client, or both with
 * a space between, which wins; a value is a behaviour, or `benign`. Throws InputError.
 */
export async function parseLabels(text: string, file: string): Promise<Labels> {
  const { parse, YAMLParseError } = await import("yaml");
  let value: unknown;
  try {
    // The library would print its warnings itself.
    value = parse(text, { logLevel: "error" });
  } catch (error) {
    // Aliases that refer to nothing, or blow the text up; and what is nested so deeply that it uses up the stack.
    const isForeseen = error instanceof ReferenceError || error instanceof RangeError;
    if (!(error instanceof YAMLParseError) && !isForeseen) throw error;
    const [what = ""] = error.message.split("\n");
    throw new InputError(`is neither JSON nor YAML: ${what}`, { where: file, cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InputError("is not a mapping of captures or clients to behaviours", {
      where: file,
      mend: 'write for instance {"bot.pcap": "cookie-theft", "10.0.0.9": "benign"}',
    });
  const labels = new Map<string, string>();
  for (const [key, label] of Object.entries(value)) {
    if (typeof label !== "string" || label === "")
      throw new InputError(`the label of ${JSON.stringify(key)} is not a name`, { where: file });
    labels.set(key, label);
  }
  return labels;
}
