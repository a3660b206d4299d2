# The traffic generator of a Windows 7 guest: PowerShell 2 and .NET 2.0, nothing else. It speaks the emulated bot's protocol
# with the lab's own C&C and acts on stand-ins only. Outside the lab it refuses to run (Marker.cs).
param(
    [string] $Folder = "C:\isoreplay",
    [int] $Sessions = 1
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = "Stop"

$sources = @("Message.cs", "Marker.cs", "StandIns.cs", "Http.cs", "Bot.cs")
$paths = @()
foreach ($name in $sources) { $paths += (Join-Path $Folder $name) }
Add-Type -Path $paths -ReferencedAssemblies @("System.dll")

$settings = [Isoreplay.Bot]::ReadSettings((Join-Path $Folder "bot.conf"))
for ($session = 1; $session -le $Sessions; $session++) {
    if ($session -gt 1) { Start-Sleep -Seconds ([int] $settings["session-gap-s"]) }
    try {
        $outcome = [Isoreplay.Bot]::Run($Folder)
    }
    catch {
        # Refused, or broken: either way nothing goes on.
        Write-Output $_.Exception.Message
        exit 3
    }
    Write-Output $outcome
    if ($outcome -eq "powered-off") {
        # Only where the scenario says so; the marker was asked for a moment ago, in Run.
        if ($settings["real-shutdown"] -eq "true") { & shutdown.exe /s /t 5 /c "isoreplay: the lab's C&C ordered a shutdown" }
        exit 0
    }
}
exit 0
