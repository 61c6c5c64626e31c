#!/bin/bash
# Starts Elasticsearch, and lets it found a cluster only when there cannot be one yet.
#
# A cluster is founded once, by nodes that have `cluster.initial_master_nodes`. A node that has it later, with an empty
# volume, could found a second cluster beside the first. So it is given
#  - to the pod with number 0 alone: when one pod becomes three, the new ones can only join;
#  - only while the node's volume does not say that it has been in a cluster; ready.sh writes that down. What else is
#    in the volume decides nothing: a node writes there before it is in any cluster, and one whose first start failed
#    must still be able to found it;
#  - with all pods' names, of which more than half must be there: a pod 0 that lost its volume finds the others in
#    their cluster, gets no vote from them, and joins it.
set -euo pipefail

: "${POD_NAME:?is the name of the pod}"
DATA="${DATA:-/usr/share/elasticsearch/data}"
STATE="${STATE:-/tmp}"
INITIAL_MASTER_NODES="${INITIAL_MASTER_NODES:-/mnt/bootstrap/initial-master-nodes}"
ELASTICSEARCH="${ELASTICSEARCH:-/usr/share/elasticsearch/bin/elasticsearch}"

# A restarted container keeps the pod's temporary files, but has to become ready again.
rm -f "$STATE/ready"
date +%s > "$STATE/started"

# Kubernetes 1.35 and later copy the zone of the pod's node to its labels. Without it all are in one zone, which does
# not hinder anything; a node without the attribute would get no shards.
export ZONE="${ZONE:-unknown}"

arguments=()
if [[ "${POD_NAME##*-}" == 0 && ! -e "$DATA/joined-cluster" ]]; then
  nodes="$(< "$INITIAL_MASTER_NODES")"
  echo "This node has not been in a cluster; it may found one with $nodes."
  arguments+=("-Ecluster.initial_master_nodes=$nodes")
fi
exec "$ELASTICSEARCH" "${arguments[@]}"
