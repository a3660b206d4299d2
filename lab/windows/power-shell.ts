/**
 * A linter for what PowerShell 2 does not have, since there is no PowerShell to ask: words of later versions, unbalanced
 * brackets, strings that do not end. It knows only as much of the language as the guest's scripts use.
 */

/** Commands of PowerShell 2 that the scripts may use. Whoever needs another looks up since when there is one. */
const COMMANDS: ReadonlySet<string> = new Set(
  `Add-Type Copy-Item Get-Content Get-Item Get-ItemProperty Join-Path New-Item New-ItemProperty Out-Null Remove-Item
  Set-Content Set-ItemProperty Set-StrictMode Start-Sleep Test-Path Write-Output`.split(/\s+/),
);
/** Programs that Windows 7 has. */
const PROGRAMS: ReadonlySet<string> = new Set(["schtasks.exe", "shutdown.exe", "powershell.exe"]);
/** Since PowerShell 3 or later, with what to write instead. */
const LATER: readonly (readonly [RegExp, string])[] = [
  [/\$PSScriptRoot\b/i, "$PSScriptRoot is empty in scripts of PowerShell 2"],
  [/\[(?:ordered|pscustomobject)\]/i, "[ordered] and [pscustomobject] are of PowerShell 3"],
  [/\s-(?:not)?in\s/i, "-in and -notin are of PowerShell 3; -contains is older"],
  [/\s-sh[lr]\s/i, "-shl and -shr are of PowerShell 3"],
  [/\.(?:foreach|where)\s*[({]/i, ".ForEach() and .Where() are of PowerShell 4"],
  [/\$using:/i, "$using: is of PowerShell 3"],
  [/\?\?|\?\.|&&|\|\|/, "?? ?. && and || are of PowerShell 7"],
  [/^\s*(?:using|class|enum)\s/im, "using, class and enum are of PowerShell 5"],
  [/::new\(/, "::new() is of PowerShell 5; New-Object is older"],
];
const CLOSES: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** What is wrong with a script, each as `line: what`. */
export function lintPowerShell(text: string): string[] {
  const problems: string[] = [];
  const { code, open } = blankStrings(text);
  if (open !== null) problems.push(`${open}: a string that does not end`);
  const stack: { readonly sign: string; readonly line: number }[] = [];
  for (const [i, line] of code.split("\n").entries()) {
    const at = i + 1;
    for (const sign of line) {
      if ("([{".includes(sign)) stack.push({ sign, line: at });
      const opener = CLOSES[sign];
      if (opener !== undefined && stack.pop()?.sign !== opener)
        problems.push(`${at}: ${sign} closes nothing`);
    }
    for (const [pattern, why] of LATER) if (pattern.test(line)) problems.push(`${at}: ${why}`);
    for (const [name] of line.matchAll(/(?<![\w$.-])[A-Z][A-Za-z]+-[A-Z]\w+/g))
      if (!COMMANDS.has(name)) problems.push(`${at}: ${name} is not known to be in PowerShell 2`);
    for (const [name] of line.matchAll(/\b\w+\.exe\b/g))
      if (!PROGRAMS.has(name)) problems.push(`${at}: ${name} is not known to be in Windows 7`);
  }
  for (const { sign, line } of stack) problems.push(`${line}: ${sign} is not closed`);
  const strange = [...text].findIndex((sign) => (sign.codePointAt(0) ?? 0) > 126);
  // Without a byte order mark PowerShell 2 takes a script for the machine's own code page.
  if (strange >= 0) problems.push(`${lineAt(text, strange)}: a letter that is not ASCII`);
  return problems;
}

/** Comments and the insides of strings as blanks; `open` is the line of a string that does not end. */
function blankStrings(text: string): { readonly code: string; readonly open: number | null } {
  let code = "";
  let quote = "";
  let began = 0;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i] ?? "";
    if (quote !== "") {
      // The backtick is the escape sign of strings in double quotes.
      if (quote === '"' && sign === "`") {
        code += "  ";
        i++;
        continue;
      }
      if (sign === quote) quote = "";
      code += sign === "\n" ? "\n" : " ";
    } else if (sign === "#") {
      while (i + 1 < text.length && text[i + 1] !== "\n") i++;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      began = i;
      code += " ";
    } else code += sign;
  }
  return { code, open: quote === "" ? null : lineAt(text, began) };
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
