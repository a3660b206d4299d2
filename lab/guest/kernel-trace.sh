# The loop on the kernel's datapath, and what the kernel does when a replayed connection is committed.
#
# ftrace notes the functions below, from the first packet of `isolation` on, until its buffer is full; a probe at the
# entrance of ovs_ct_execute notes zone and commit of the action (struct ovs_conntrack_info of Linux 6.1: the zone is
# its second member, commit the first bit behind the pointer that follows).
#
# Leaves: symbols (of each function: traced, symbol or none), trace, conntrack, run (folders of the run), results.json,
# said (what the run told), state (what it left behind), ovs (its version).
scenario=/job/scenario.yaml
functions="do_execute_actions ovs_ct_execute ovs_ct_commit __ovs_ct_lookup nf_conntrack_in nf_conntrack_confirm
  __nf_conntrack_confirm"
zone=2
run_seconds_max=600

say() { echo "$*"; }

modprobe -a openvswitch nf_conntrack_netlink loop
mount -t tracefs tracefs /sys/kernel/tracing
here=$PWD
cd /sys/kernel/tracing || exit
for name in $functions; do
  if echo "$name" >>set_ftrace_filter 2>/dev/null; then state=traced
  elif grep -q " $name\b" /proc/kallsyms; then state=symbol
  else state=none; fi
  echo "$name $state"
done >"$here/symbols"
echo 0 >tracing_on
echo function_graph >current_tracer
for option in funcgraph-tail funcgraph-proc; do echo 1 >options/$option; done
echo 0 >options/overwrite
echo 2048 >buffer_size_kb
echo 'p:ct ovs_ct_execute zone=+8($arg4):u16 commit=+24($arg4):b1@0/8' >kprobe_events
echo "traceon if zone==$zone" >events/kprobes/ct/trigger
echo 1 >events/kprobes/ct/enable
cd "$here" || exit

# Connections as the kernel tells of them when they are made.
(
  until switch=$(pgrep -x ovs-vswitchd); do sleep 1; done
  exec nsenter --target "$switch" --net conntrack -E -e NEW -o timestamp >conntrack 2>/dev/null
) &
listener=$!

say "the loop begins"
# On an emulated processor code that is compiled at run time does not pay.
export NODE_OPTIONS="--import=/job/isoreplay/lab/guest/load-stripped.js --jitless"
{
  timeout --kill-after=5 $run_seconds_max /job/node /job/isoreplay/bin/isoreplay.js run $scenario --lab mininet \
    --speed "$SPEED" --out run --json 2>&1 >results.json
  echo $? >run-status
} | tee said
kill $listener 2>/dev/null
cp -r /run/isoreplay state 2>/dev/null
ovs-vswitchd --version | head -1 >ovs
say "the loop has ended"
echo 0 >/sys/kernel/tracing/tracing_on
cat /sys/kernel/tracing/trace >trace
exit "$(cat run-status)"
