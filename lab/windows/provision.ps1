# Makes a Windows 7 machine a guest of the lab. Vagrant runs it over WinRM, with the generator's files in C:\isoreplay-new. It
# leaves the lab's marker; without it the generator refuses to run.
param(
    [string] $BotId = "win7-1"
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = "Stop"

$new = "C:\isoreplay-new"
$folder = "C:\isoreplay"
$key = "HKLM:\SOFTWARE\isoreplay"

# Nobody makes a guest of the lab of a machine of their own by calling this.
if ($env:USERNAME -ne "vagrant") { throw "only Vagrant provisions a guest, as the user vagrant" }
if (-not (Test-Path (Join-Path $new "guest.ps1"))) { throw "the generator's files are not in $new" }

if (-not (Test-Path $folder)) { New-Item -ItemType Directory -Path $folder | Out-Null }
Copy-Item -Path (Join-Path $new "*") -Destination $folder -Force
Remove-Item -Path $new -Recurse -Force
$conf = Join-Path $folder "bot.conf"
$lines = @(Get-Content -Path $conf) -replace "^bot-id: .*", "bot-id: $BotId"
Set-Content -Path $conf -Value $lines -Encoding ASCII

if (-not (Test-Path $key)) { New-Item -Path $key | Out-Null }
$id = [Guid]::NewGuid().ToString()
New-ItemProperty -Path $key -Name "Lab" -Value $id -PropertyType String -Force | Out-Null
New-ItemProperty -Path $key -Name "Homepage" -Value "http://home.example/" -PropertyType String -Force | Out-Null
# The identifier, then the networks that the C&C may be in: private, isolation, outside.
Set-Content -Path (Join-Path $folder "lab.marker") -Value @($id, "10.10.0.0/24", "10.20.0.0/24", "203.0.113.0/24") -Encoding ASCII

# At every start of the machine, also where its disk is booted in the cloud.
$command = "powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\isoreplay\guest.ps1 -Sessions 100"
& schtasks.exe /create /f /tn isoreplay /sc onstart /ru SYSTEM /tr $command
if ($LASTEXITCODE -ne 0) { throw "schtasks ended with $LASTEXITCODE" }
Write-Output "guest of the lab: $id"
