import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { InputError, LabUnavailableError } from "../../src/base/errors.ts";
import { hasCloud, readCredentials } from "./credentials.ts";

async function cloudsFile(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "isoreplay-clouds-")), "clouds.yaml");
  await writeFile(file, text);
  return file;
}

test("a cloud is found by its name in clouds.yaml", async (t) => {
  const file = await cloudsFile(
    "clouds:\n  lab:\n    auth: {auth_url: 'http://keystone/identity/', username: me, password: secret, project_name: demo}\n    region_name: RegionOne\n",
  );
  const found = await readCredentials({ OS_CLOUD: "lab", OS_CLIENT_CONFIG_FILE: file });
  t.is(found.authUrl, "http://keystone/identity/v3");
  t.is(found.region, "RegionOne");
  t.deepEqual(found.auth, {
    identity: {
      methods: ["password"],
      password: { user: { name: "me", domain: { id: "default" }, password: "secret" } },
    },
    scope: { project: { name: "demo", domain: { id: "default" } } },
  });
});

test("variables do where no cloud is named", async (t) => {
  const found = await readCredentials({
    OS_AUTH_URL: "http://keystone:5000/v3",
    OS_APPLICATION_CREDENTIAL_ID: "a",
    OS_APPLICATION_CREDENTIAL_SECRET: "b",
  });
  t.is(found.authUrl, "http://keystone:5000/v3");
  t.deepEqual(found.auth, {
    identity: {
      methods: ["application_credential"],
      application_credential: { id: "a", secret: "b" },
    },
  });
});

test("who names no cloud is told how", async (t) => {
  t.false(hasCloud({ OS_CLOUD: "" }));
  const error = await t.throwsAsync(readCredentials({}), { instanceOf: LabUnavailableError });
  t.regex(error?.mend ?? "", /OS_CLOUD/);
});

test("a cloud that the file does not have is told with those that it has", async (t) => {
  const file = await cloudsFile("clouds:\n  one:\n    auth: {auth_url: 'http://x'}\n");
  const error = await t.throwsAsync(
    readCredentials({ OS_CLOUD: "two", OS_CLIENT_CONFIG_FILE: file }),
    { instanceOf: LabUnavailableError },
  );
  t.is(error?.where, file);
  t.is(error?.mend, "OS_CLOUD=one");
});

test("a file that is no clouds.yaml is bad input", async (t) => {
  const file = await cloudsFile("clouds: 7\n");
  await t.throwsAsync(readCredentials({ OS_CLOUD: "x", OS_CLIENT_CONFIG_FILE: file }), {
    instanceOf: InputError,
  });
});
