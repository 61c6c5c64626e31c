#!/bin/bash
# Fills the configuration directory before Elasticsearch starts. The image's own is on a read-only file system, while
# Elasticsearch writes its keystore beside its settings. Passwords come from files and go through pipes, so that no
# list of processes shows them.
set -euo pipefail

IMAGE_CONFIG="${IMAGE_CONFIG:-/usr/share/elasticsearch/config}"
CONFIG="${CONFIG:-/mnt/config}"
SETTINGS="${SETTINGS:-/mnt/settings}"
USERS="${USERS:-/mnt/users}"
SECURE_SETTINGS="${SECURE_SETTINGS:-/mnt/secure-settings}"
KEYSTORE="${KEYSTORE:-/usr/share/elasticsearch/bin/elasticsearch-keystore}"

cp -R "$IMAGE_CONFIG/." "$CONFIG/"
mkdir -p "$CONFIG/jvm.options.d" "$CONFIG/certificates/http" "$CONFIG/certificates/transport"
cp "$SETTINGS/elasticsearch.yml" "$SETTINGS/roles.yml" "$CONFIG/"
cp "$SETTINGS/bilten.options" "$CONFIG/jvm.options.d/"
cp "$USERS/users" "$USERS/users_roles" "$CONFIG/"
chmod 0600 "$CONFIG/users" "$CONFIG/users_roles"

# Made anew each time: a setting that is gone is gone from it too.
rm -f "$CONFIG/elasticsearch.keystore"
export ES_PATH_CONF="$CONFIG"
"$KEYSTORE" create --silent
for file in "$SECURE_SETTINGS"/*; do
  setting="$(basename "$file")"
  "$KEYSTORE" add --silent --stdin "$setting" < "$file"
  echo "The keystore has $setting."
done
