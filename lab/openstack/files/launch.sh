#!/bin/sh
# Become a service: launch.sh LOG PIDFILE COMMAND...
log=$1
echo $$ >"$2"
shift 2
exec "$@" >>"$log" 2>&1 </dev/null
