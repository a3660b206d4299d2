#!/bin/sh
# Called by mmdebstrap before the kernel is installed, whose installation makes the initial file system.
set -eu
cp -R "$(dirname "$(readlink -f "$0")")/root/." "$1/"
