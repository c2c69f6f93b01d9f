#!/usr/bin/env bash
# Sets a custom field of many subscribers, every night. Run again, it goes on where it stopped.
set -euo pipefail

# Without settings of your own it uses the sandbox.
if [ -z "${TENCENT_CHAT_SDKAPPID:-}" ]; then export TENCENT_CHAT_SANDBOX=true; fi
folder="$(cd "${1:-$(mktemp -d)}" && pwd)"
day="$(date +%F)"
export TENCENT_CHAT_JOURNAL="$folder/journal.jsonl"

# What your own system knows; here two lines as a sample. Written once a day, under another name until it is whole:
# the results are those of this one input.
edits="$folder/edits-$day.jsonl"
if [ ! -e "$edits" ]; then
  cat > "$edits.$$" <<'LINES'
{"tool":"modify_subscriber_info","arguments":{"Official_Account":"@TOA#_@TOA#dZDP","Subscriber_Account":"109635","CustomString":"vip"},"id":"109635"}
{"tool":"modify_subscriber_info","arguments":{"Official_Account":"@TOA#_test_for_penn","Subscriber_Account":"107867","CustomString":"vip"},"id":"107867"}
LINES
  mv "$edits.$$" "$edits"
fi

left="$folder/left-$day.jsonl"
for try in 1 2 3; do
  code=0
  tencent-chat-channel-mcp apply "$edits" --results "$folder/results-$day.jsonl" --left "$left" || code=$?
  if [ "$code" -eq 0 ]; then exit 0; fi
  if [ "$code" -eq 2 ] || [ "$try" -eq 3 ]; then break; fi # wrong settings do not get better
  sleep "${RETRY_SECONDS:-300}" # the longest pause that the service can ask for
done
echo "Not done (exit code $code)." >&2
if [ -e "$left" ]; then echo "What is left: $left; why: $folder/results-$day.jsonl" >&2; fi
exit "$code"
