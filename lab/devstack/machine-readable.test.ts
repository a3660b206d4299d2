import test from "ava";
import fc from "fast-check";
import {
  errorOf,
  messageOf,
  parseEvent,
  snapshotsOf,
  statesOf,
  type VagrantEvent,
} from "./machine-readable.ts";

// Recorded from Vagrant 2.3.4 with this project's Vagrantfile.
const STATUS = `1795527254,lab,metadata,provider,libvirt
1795527254,devstack,metadata,provider,libvirt
1795527254,lab,provider-name,libvirt
1795527254,lab,state,not_created
1795527254,lab,state-human-short,not created
1795527254,lab,state-human-long,The Libvirt domain is not created. Run \`vagrant up\` to create it.
1795527254,devstack,provider-name,libvirt
1795527254,devstack,state,not_created
1795527254,,ui,info,Current machine states:\\n\\nlab                       not created (libvirt)\\ndevstack                  not created (libvirt)\\n\\nThis environment represents multiple VMs. The VMs are all listed\\nabove with their current state. For more information about a specific\\nVM%!(VAGRANT_COMMA) run \`vagrant status NAME\`.`;
const FAILED = `1795527258,,ui,info,Bringing machine 'lab' up with 'libvirt' provider...
1795527258,lab,action,up,start
1795527260,,error-exit,VagrantPlugins::ProviderLibvirt::Errors::FogLibvirtConnectionError,Error while connecting to Libvirt: Error making a connection to libvirt URI qemu:///system:\\nCall to virConnectOpen failed: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory`;

const SNAPSHOTS = `1795527771,lab,metadata,provider,libvirt
1795527771,lab,ui,output,==> lab: 
1795527771,lab,ui,detail,one`;

const events = (text: string): VagrantEvent[] =>
  text.split("\n").flatMap((line) => parseEvent(line) ?? []);

test("each machine's state is read by its name", (t) => {
  t.deepEqual(
    [...statesOf(events(STATUS))],
    [
      ["lab", "not_created"],
      ["devstack", "not_created"],
    ],
  );
});

test("commas and line ends in what is said come back", (t) => {
  const said = events(STATUS).map(messageOf).at(-1) ?? "";
  t.regex(said, /^Current machine states:\n\nlab {23}not created/);
  t.regex(said, /specific\nVM, run `vagrant status NAME`\.$/);
});

test("the error with which Vagrant ended is one line", (t) => {
  t.is(
    errorOf(events(FAILED)),
    "Error while connecting to Libvirt: Error making a connection to libvirt URI qemu:///system: " +
      "Call to virConnectOpen failed: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
  );
  t.is(errorOf(events(STATUS)), null);
});

test("a machine's snapshots are read by their names", (t) => {
  t.deepEqual(snapshotsOf(events(SNAPSHOTS)), ["one"]);
  t.deepEqual(snapshotsOf(events(STATUS)), []);
});

test("a line of another program is no event", (t) => {
  for (const line of ["", "+ apt-get update", "1, 2, 3", "2026,x,ui,info", "1795527254", ",,ui,x"])
    t.is(parseEvent(line), null, line);
});

test("whatever is read, nothing is thrown", (t) => {
  fc.assert(
    fc.property(fc.string(), (line) => {
      t.notThrows(() => parseEvent(line));
    }),
  );
});
