import { readFileSync } from "node:fs";
import test from "ava";
import { InputError } from "../../src/base/errors.ts";
import { fillTemplate } from "./local-conf.ts";

const VALUES = { PASSWORD: "0123abcd", ADDRESS: "192.168.56.10" };

test("every place of local.conf is filled in", (t) => {
  const template = readFileSync(new URL("local.conf", import.meta.url), "utf8");
  const filled = fillTemplate(template, VALUES);
  t.notRegex(filled, /[{}]/);
  t.regex(filled, /^ADMIN_PASSWORD=0123abcd$/m);
  t.regex(filled, /^HOST_IP=192\.168\.56\.10$/m);
  t.regex(filled, /^Q_AGENT=openvswitch$/m);
  t.regex(filled, /^firewall_driver = openvswitch$/m);
});

const refused = test.macro({
  exec(t, template: string, values: Record<string, string>, message: string) {
    const error = t.throws(() => fillTemplate(template, values), { instanceOf: InputError });
    t.is(error?.line, `local.conf: ${message}`);
  },
  title: (_, template, values) => `refused: ${template} with ${JSON.stringify(values)}`,
});
test(refused, "a={{A}}", {}, "the place {{A}} has no value");
test(refused, "a={{A}}", { A: "1", B: "2" }, "there is no place {{B}}");
test(refused, "a={{A}}", { A: "$(reboot)" }, "the value of A is not plain");
test(refused, "a={{toString}}", {}, "the place {{toString}} has no value");
