#!/usr/bin/env bash
# Applies the steps of $SETUP_STEPS/steps.tsv, one after the other, to Elasticsearch or Kibana. Needs bash and curl.
# Passwords come from files and go to curl through pipes, so that neither arguments, environment nor output hold them.
#
# Ends with 0: all is applied; 1: the server failed (5xx, no answer), so another try may help; 2: a file is missing or
# unusable; 3: the server was not ready in time; 4: user or certificate is not accepted; 5: the server refused a step.
set -uo pipefail

url=${SETUP_URL:?}
user=${SETUP_USER:?}
steps=${SETUP_STEPS:?}
passwords=${SETUP_PASSWORDS:?}
ready_path=${SETUP_READY_PATH:?}
ca=${SETUP_CA:-}
wait_seconds=${SETUP_WAIT_SECONDS:-600}
# A cluster that recovers its users' index refuses even the right password for a while.
refusal_seconds=${SETUP_REFUSAL_SECONDS:-30}
retry_seconds=${SETUP_RETRY_SECONDS:-60}
pause=${SETUP_PAUSE_SECONDS:-2}

trap 'exit 143' TERM INT

fail() {
  printf 'FAILED: %s\n' "$2" >&2
  exit "$1"
}

# The content of a password's file, in `secret`. A subshell could not end the script.
read_secret() {
  [[ -r $passwords/$1 ]] || fail 2 "there is no password of user $1: $passwords/$1 cannot be read"
  secret=$(<"$passwords/$1")
  [[ -n $secret ]] || fail 2 "the password of user $1 is empty: $passwords/$1"
  [[ $secret != *[[:cntrl:]]* ]] || fail 2 "the password of user $1 holds a control character: $passwords/$1"
}

# Escapes for curl's configuration and for JSON, which agree on these two.
quoted() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}

# What a server says is shown, save for passwords and beyond 2000 characters. An answer may quote a request within JSON.
shown() {
  local text=$1 file form
  for file in "$passwords"/*; do
    [[ -f $file && -r $file ]] || continue
    form=$(<"$file")
    [[ -n $form ]] || continue
    for _ in 1 2 3; do
      text=${text//"$form"/***}
      form=$(quoted "$form")
    done
  done
  printf '%s' "${text:0:2000}"
}

# Sends a request; sets `status` (000 without an answer), `answer`, `curl_code`.
request() {
  local method=$1 path=$2 kind=$3 body=$4 reply
  local options=(-q --silent --show-error --noproxy '*' --connect-timeout 5 --max-time 60 --request "$method"
    --header 'kbn-xsrf: setup' --write-out '\n%{http_code}')
  [[ -z $ca ]] || options+=(--cacert "$ca")
  case $kind in
    none) ;;
    json) options+=(--header 'content-type: application/json' --data-binary @-) ;;
    form) options+=(--form 'file=@-;filename=objects.ndjson;type=application/ndjson') ;;
    *) fail 2 "steps.tsv has a body of kind '$kind'" ;;
  esac
  reply=$(printf '%s' "$body" | curl "${options[@]}" --config <(printf 'user = "%s"' "$(quoted "$user:$own_password")") \
    "$url$path" 2>&1)
  curl_code=$?
  status=${reply##*$'\n'}
  answer=${reply%$'\n'*}
  # The certificate is the wrong one, or not for this name: waiting does not help.
  [[ $curl_code -ne 60 ]] || fail 4 "the certificate of $url is not accepted: ${answer}"
  [[ $curl_code -ne 77 ]] || fail 2 "$ca is no file of certificates"
}

describe() {
  if [[ $status == 000 ]]; then shown "no answer: $answer"; else shown "$status: $answer"; fi
}

wait_until_ready() {
  local began=$SECONDS refused_since='' told=-100
  while true; do
    request GET "$ready_path" none ''
    [[ $status != 200 ]] || break
    if [[ $status == 401 || $status == 403 ]]; then
      refused_since=${refused_since:-$SECONDS}
      ((SECONDS - refused_since < refusal_seconds)) ||
        fail 4 "$url does not accept user $user ($(describe)). Its password must be the one that the cluster has."
    else
      refused_since=''
    fi
    ((SECONDS - began < wait_seconds)) || fail 3 "$url is not ready after $wait_seconds s ($(describe))"
    if ((SECONDS - told >= 15)); then
      printf 'Waiting for %s (%s) ...\n' "$url" "$(describe)"
      told=$SECONDS
    fi
    sleep "$pause"
  done
  printf '%s is ready.\n' "$url"
}

# Applies the step whose columns are read.
apply() {
  local position=$1 body='' began=$SECONDS
  if [[ $file != - ]]; then
    body=$(<"$steps/$file")
  fi
  if [[ $password_of != - ]]; then
    read_secret "$password_of"
    body=${body//'@password@'/"$(quoted "$secret")"}
  fi
  while true; do
    request "$method" "$path" "$kind" "$body"
    case $status in
      000 | 408 | 429 | 502 | 503 | 504) ((SECONDS - began < retry_seconds)) || break ;;
      *) break ;;
    esac
    printf '[%s] %s: %s; again ...\n' "$position" "$name" "$(describe)"
    sleep "$pause"
  done
  if [[ ,$expected, == *,$status,* ]]; then
    [[ $contained == - || $answer == *"$contained"* ]] ||
      fail 5 "[$position] $name: $method $path answered without $contained: $(describe)"
    printf '[%s] %s: ok (%s)\n' "$position" "$name" "$status"
    return
  fi
  case $status in
    401 | 403) fail 4 "[$position] $name: $method $path is not allowed to user $user: $(describe)" ;;
    000 | 408 | 429 | 5??) fail 1 "[$position] $name: $method $path: $(describe)" ;;
    *) fail 5 "[$position] $name: $method $path was refused: $(describe)" ;;
  esac
}

[[ -r $steps/steps.tsv ]] || fail 2 "$steps/steps.tsv cannot be read"
mapfile -t lines <"$steps/steps.tsv"
count=${#lines[@]}
columns() {
  IFS=$'\t' read -r name method path kind file password_of expected contained <<<"$1"
}
# Whatever is missing is said before anything is changed.
for line in "${lines[@]}"; do
  columns "$line"
  [[ -n $contained ]] || fail 2 "steps.tsv has too few columns in: $line"
  [[ $file == - || -r $steps/$file ]] || fail 2 "step $name has no body: $steps/$file cannot be read"
  [[ $password_of == - ]] || read_secret "$password_of"
done
read_secret "$user"
own_password=$secret
wait_until_ready
for ((position = 1; position <= count; position++)); do
  columns "${lines[position - 1]}"
  apply "$position/$count"
done
printf 'All %s steps are applied.\n' "$count"
