import { readFileSync } from "node:fs";
import test from "ava";
import { lintPowerShell } from "./power-shell.ts";

for (const name of ["provision.ps1", "unprovision.ps1", "guest/guest.ps1"])
  test(`${name} has nothing in it that PowerShell 2 lacks`, (t) => {
    const text = readFileSync(new URL(name, import.meta.url), "utf8");
    t.deepEqual(lintPowerShell(text), []);
  });

test("a real shutdown stands once, behind the setting that allows it", (t) => {
  const text = readFileSync(new URL("guest/guest.ps1", import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => /shutdown\.exe/.test(line));
  t.is(lines.length, 1);
  t.regex(
    lines[0] ?? "",
    /^\s*if \(\$settings\["real-shutdown"\] -eq "true"\) \{ & shutdown\.exe /,
  );
  const conf = readFileSync(new URL("guest/bot.conf", import.meta.url), "utf8");
  t.regex(conf, /^real-shutdown: false$/m);
});

test("provisioning by hand is refused before anything is changed", (t) => {
  const text = readFileSync(new URL("provision.ps1", import.meta.url), "utf8");
  const guard = text.indexOf('if ($env:USERNAME -ne "vagrant") { throw');
  t.true(guard > 0);
  t.true(guard < text.search(/New-Item|Copy-Item|Remove-Item|Set-Content|schtasks/));
});

const seen = test.macro({
  exec(t, text: string, problem: string) {
    t.deepEqual(lintPowerShell(text), [problem]);
  },
  title: (_, text, problem) => `${JSON.stringify(text)}: ${problem}`,
});
// The positive control: what is wrong is seen.
test(seen, "Invoke-WebRequest http://x", "1: Invoke-WebRequest is not known to be in PowerShell 2");
test(
  seen,
  "$a = 1\n$b | ConvertFrom-Json",
  "2: ConvertFrom-Json is not known to be in PowerShell 2",
);
test(seen, "if ($a -in $b) { }", "1: -in and -notin are of PowerShell 3; -contains is older");
test(seen, "Join-Path $PSScriptRoot x", "1: $PSScriptRoot is empty in scripts of PowerShell 2");
test(seen, "[Net.IPEndPoint]::new(1)", "1: ::new() is of PowerShell 5; New-Object is older");
test(seen, "if ($a) { b", "1: { is not closed");
test(seen, "if ($a { b }", "1: ( is not closed");
test(seen, "if $a) { b }", "1: ) closes nothing");
test(seen, 'Write-Output "a', "1: a string that does not end");
test(seen, "Write-Output 'ä'", "1: a letter that is not ASCII");
test(seen, "& curl.exe", "1: curl.exe is not known to be in Windows 7");
// And what is right, is not.
test("words of later versions in strings and comments are no words", (t) => {
  t.deepEqual(lintPowerShell('# Invoke-WebRequest\nWrite-Output "a `" -in (" \'}\''), []);
});
