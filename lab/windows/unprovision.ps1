# Takes away what provision.ps1 has left.
Set-StrictMode -Version 2.0
$ErrorActionPreference = "Stop"

& schtasks.exe /delete /f /tn isoreplay
if (Test-Path "HKLM:\SOFTWARE\isoreplay") { Remove-Item -Path "HKLM:\SOFTWARE\isoreplay" -Recurse -Force }
if (Test-Path "C:\isoreplay") { Remove-Item -Path "C:\isoreplay" -Recurse -Force }
