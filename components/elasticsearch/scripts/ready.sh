#!/bin/bash
# Tells whether the node is ready: exit code 0, or not 0 and why.
#
# After a start it is ready when the cluster has taken it back, that is, no copy of a shard is being built or waited
# for; so a rolling restart does not stop the next node while copies are missing. Later it is ready as long as it
# answers: a node that answers must not be taken from the Service because another one is gone.
set -uo pipefail

DATA="${DATA:-/usr/share/elasticsearch/data}"
STATE="${STATE:-/tmp}"
URL="${URL:-https://localhost:9200}"
AUTHORITY="${AUTHORITY:-/usr/share/elasticsearch/config/certificates/http/ca.crt}"
CREDENTIALS="${CREDENTIALS:-/mnt/probe/curlrc}"
# Waiting longer does not bring back an index whose copies are all lost, and would keep all the others from readers.
READY_WAIT_SECONDS="${READY_WAIT_SECONDS:-600}"

# Body and status of a GET; the password is in a file that curl reads.
get() {
  answer="$(curl --silent --show-error --max-time 5 --cacert "$AUTHORITY" --config "$CREDENTIALS" \
    --write-out '\n%{http_code}' "$URL$1" 2>&1)"
  status="${answer##*$'\n'}"
  body="${answer%$'\n'*}"
}

if [[ -e "$STATE/ready" ]]; then
  get /
  [[ "$status" == 200 ]] && exit 0
  echo "The node answers $status: ${body:0:300}"
  exit 1
fi

get '/_cluster/health?timeout=1s&master_timeout=2s'
if [[ "$status" != 200 ]]; then
  echo "The node has no cluster yet; it answers $status: ${body:0:300}"
  exit 1
fi
# It is in a cluster, and will never found one: see start.sh.
[[ -e "$DATA/joined-cluster" ]] || date -u > "$DATA/joined-cluster"

number() {
  [[ "$body" =~ \"$1\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo unknown
}
color=unknown
[[ "$body" =~ \"status\":\"([a-z]+)\" ]] && color="${BASH_REMATCH[1]}"
initializing="$(number initializing_shards)"
delayed="$(number delayed_unassigned_shards)"

if [[ "$color" != green && ("$color" != yellow || "$initializing" != 0 || "$delayed" != 0) ]]; then
  waited=$(($(date +%s) - $(cat "$STATE/started" 2> /dev/null || date +%s)))
  if ((waited < READY_WAIT_SECONDS)); then
    echo "The cluster is $color with $initializing initializing and $delayed delayed shards; waited $waited s."
    exit 1
  fi
  echo "The cluster is still $color after $waited s; ready all the same."
fi
touch "$STATE/ready"
