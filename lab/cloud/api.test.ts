import test from "ava";
import { z } from "zod";
import { CloudApi } from "./api.ts";
import { CloudError, type CloudFault } from "./cloud-error.ts";
import { FakeCloud } from "./fake-cloud.fixture.ts";

const anything = z.unknown();

const fails = test.macro({
  exec: async (t, status: number, body: object, fault: CloudFault, message: string) => {
    await using cloud = await FakeCloud.start();
    const api = await cloud.connect();
    cloud.answer("GET /servers", { status, body });
    const error = await t.throwsAsync(api.get("compute", "/servers", anything), {
      instanceOf: CloudError,
    });
    t.is(error?.fault, fault);
    t.is(error?.message, message);
    t.is(error?.where, "compute GET /servers");
  },
  title: (_title, status, _body, fault) => `an answer with status ${status} is told as ${fault}`,
});

test(
  fails,
  403,
  { forbidden: { message: "Quota exceeded for cores" } },
  "quota",
  "Quota exceeded for cores",
);
test(
  fails,
  403,
  { forbidden: { message: "Policy\n does not allow it" } },
  "forbidden",
  "Policy does not allow it",
);
test(fails, 404, { itemNotFound: { message: "no such server" } }, "absent", "no such server");
test(fails, 409, { NeutronError: { message: "in use" } }, "conflict", "in use");
test(fails, 400, { badRequest: { message: "no flavor" } }, "refused", "no flavor");
test(fails, 500, {}, "broken", "status 500");

test("a token that has run out is renewed once", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.answer("GET /servers", { status: 401 });
  t.deepEqual(await api.get("compute", "/servers", anything), { servers: [] });
  t.is(cloud.logIns, 2);
});

test("a service that is away for a moment is asked again, but not for what changes something", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.answer("GET /servers", { status: 503 }, { status: 503 });
  t.deepEqual(await api.get("compute", "/servers", anything), { servers: [] });
  cloud.answer("POST /servers", { status: 503 });
  await t.throwsAsync(api.post("compute", "/servers", { server: {} }, anything), {
    instanceOf: CloudError,
  });
  t.is(cloud.all("servers").length, 0);
});

test("a cloud that is not there is told as unreachable", async (t) => {
  const credentials = {
    authUrl: "http://127.0.0.1:9/v3",
    region: null,
    interface: "public",
    auth: {},
  };
  const error = await t.throwsAsync(CloudApi.connect(credentials), { instanceOf: CloudError });
  t.is(error?.fault, "unreachable");
});

test("a wrong password is told as such", async (t) => {
  await using cloud = await FakeCloud.start();
  cloud.answer("POST /v3/auth/tokens", {
    status: 401,
    body: { error: { message: "bad password" } },
  });
  const error = await t.throwsAsync(cloud.connect(), { instanceOf: CloudError });
  t.is(error?.fault, "unknown-user");
  t.regex(error?.mend ?? "", /OS_PASSWORD/);
});

test("a service that the catalogue does not have is named", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await CloudApi.connect({ ...cloud.credentials, region: "RegionTwo" });
  const error = await t.throwsAsync(api.get("volume", "/volumes", anything), {
    message: "the cloud has no service block-storage or volumev3",
  });
  t.is((error as CloudError).fault, "absent");
});
