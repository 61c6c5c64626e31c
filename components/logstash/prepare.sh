#!/bin/bash
# Puts Logstash's settings together where it looks for its keystore, and the password into the keystore: Logstash reads
# passwords from there or from its environment, not from files.
# Usage: prepare.sh <configuration> <password file> <settings>
set -euo pipefail

configuration=$1
password=$2
settings=$3
keystore=${KEYSTORE_COMMAND:-/usr/share/logstash/bin/logstash-keystore}

cp "$configuration/logstash.yml" "$configuration/pipelines.yml" "$configuration/log4j2.properties" "$settings/"
# From before the container was restarted.
rm -f "$settings/logstash.keystore"

# Asks whether a keystore without a password is meant. It is: it is in memory, next to the file with the same secret.
"$keystore" --path.settings "$settings" create <<<y

# Its exit status is 0 whatever happens.
answer=$("$keystore" --path.settings "$settings" add ELASTICSEARCH_PASSWORD <"$password")
if [[ $answer != *"Added '"* ]]; then
  echo "logstash-keystore did not take the password of $password. It said: $answer" >&2
  exit 1
fi
echo "Settings and keystore are in $settings."
