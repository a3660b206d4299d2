import { InputError } from "../../src/base/errors.ts";

/**
 * The template with its places `{{NAME}}` filled in. Throws InputError where a place has no value, a value no place, or a
 * value has a sign in it that means something to the shell which reads the file.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values));
  const filled = template.replace(/\{\{(\w*)\}\}/g, (_place, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined)
      throw new InputError(`the place {{${name}}} has no value`, { where: "local.conf" });
    if (!/^[\w./:@-]+$/.test(value))
      throw new InputError(`the value of ${name} is not plain`, { where: "local.conf" });
    unused.delete(name);
    return value;
  });
  const [left] = unused;
  if (left !== undefined)
    throw new InputError(`there is no place {{${left}}}`, { where: "local.conf" });
  return filled;
}
