#!/bin/bash
# In the devstack machine, as root: the images that were brought to /tmp/images, each under the name of its file.
set -euo pipefail
# DevStack writes it: the administrator, in the project demo.
export OS_CLOUD=devstack-admin-demo
shopt -s nullglob
for file in /tmp/images/*.img /tmp/images/*.qcow2; do
  name=$(basename "${file%.*}")
  format=$([ "${file##*.}" = qcow2 ] && echo qcow2 || echo raw)
  openstack image show "$name" >/dev/null 2>&1 ||
    openstack image create --public --disk-format "$format" --container-format bare --file "$file" "$name"
  rm "$file"
done
openstack image list
