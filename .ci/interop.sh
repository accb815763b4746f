#!/usr/bin/env bash
# Real programs with our commands: mail programs that call bin/mq-sendmail as their sendmail, and other people's
# SMTP software on the other side. One function a case; a case that lacks its program is skipped, loudly. The last
# line is exactly "N passed, N failed, N skipped"; the exit code is 1 when anything failed.
#
#     .ci/interop.sh [CASE...]
set -u
exec </dev/null

root=$(cd "$(dirname "$0")/.." && pwd)
sendmail=$root/bin/mq-sendmail
PATH=$PATH:/usr/sbin:/sbin
unset MAILRC EMAIL GIT_DIR GIT_WORK_TREE
export LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null

passed=0 failed=0 skipped=0

# ---- one case ----------------------------------------------------------------------------------------------------
# A case runs in a subshell with its own directory ($work), its own queue and its own server. It ends with 0, with
# 77 after "need" found a program missing, or with anything else.

fail() { echo "    $*" >&2; exit 1; }

need() {
  local program
  for program; do
    command -v "$program" >/dev/null || { echo "    $program is not installed" >&2; exit 77; }
  done
}

# The server writes each message to $work/sink; see .ci/sink.mjs. An argument is the port to listen on.
start_sink() {
  mkdir -p "$work/sink"
  rm -f "$work/sink/port"
  node "$root/.ci/sink.mjs" "$work/sink" "${1:-0}" &
  servers="$servers $!"
  wait_for "$work/sink/port"
  port=$(cat "$work/sink/port")
}

wait_for() {
  local tries=0
  until [ -s "$1" ]; do
    tries=$((tries + 1))
    [ $tries -le 200 ] || fail "nothing arrived in $1 within 20 seconds"
    kill -0 ${servers:-$$} || fail 'the server has ended'
    sleep 0.1
  done
}

# A port nobody listens on: one that was free a moment ago.
free_port() {
  node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

configure() {
  cat >"$work/mailqueue.conf" <<CONF
[mailqueue]
smtp_hostname = 127.0.0.1
smtp_port = $port
queue_dir = $work/queue
delivery_log = $work/delivery.log
CONF
  chmod 600 "$work/mailqueue.conf"
  export MAILQUEUE_CONF=$work/mailqueue.conf
}

envelope_is() { # N SENDER RECIPIENT...
  local number=$1 sender=$2
  shift 2
  wait_for "$work/sink/$number.env"
  node -e '
    const [file, sender, ...recipients] = process.argv.slice(1)
    const got = JSON.parse(require("fs").readFileSync(file, "utf8"))
    const same = got.sender === sender && JSON.stringify([...got.recipients].sort()) === JSON.stringify(recipients.sort())
    if (!same) { console.error("    the envelope is " + JSON.stringify(got)); process.exit(1) }
  ' "$work/sink/$number.env" "$sender" "$@" || exit 1
}

# A line of the message, without its CRLF, must be there exactly once.
has_line() { # N LINE
  local count
  count=$(tr -d '\r' <"$work/sink/$1.eml" | grep -cxF -- "$2")
  [ "$count" = 1 ] || { cat "$work/sink/$1.eml" >&2; fail "the message has the line \"$2\" $count times"; }
}

# Every line must end with CRLF, and nothing else may hold a CR or an LF.
has_clean_line_ends() { # N
  node -e '
    const text = require("fs").readFileSync(process.argv[1], "latin1")
    if (!text.endsWith("\r\n") || /[\r\n]/.test(text.replaceAll("\r\n", ""))) process.exit(1)
  ' "$work/sink/$1.eml" || fail "the message has bare CR or LF, or no line end at its end"
}

count_is() { # N
  local count
  count=$(find "$work/sink" -name '[0-9]*.env' | wc -l)
  [ "$count" = "$1" ] || fail "$count messages arrived, not $1"
}

# ---- the cases ---------------------------------------------------------------------------------------------------

make_patch() {
  git init -q "$work/repo" && cd "$work/repo" || exit 1
  git config user.name 'Anna Example' && git config user.email anna@site.example
  printf 'one\n' >file && git add file && git commit -qm 'First' || exit 1
  printf 'two\n.\n.dots\n' >>file && git commit -qam 'Add two – and dots' || exit 1
  git format-patch -q -1 -o "$work/patches" || exit 1
}

need_git_send_email() {
  need git
  git send-email -h 2>&1 | grep -q -- --smtp-server || { echo '    git send-email does not work here' >&2; exit 77; }
}

case_git_send_email_server() {
  need_git_send_email
  start_sink && configure && make_patch
  git -c sendemail.smtpServer="$sendmail" -c sendemail.envelopeSender=auto send-email --quiet --confirm=never --from=anna@site.example \
    --to=ben@site.example --cc='Cleo <cleo@other.example>' --bcc=dora@site.example --suppress-cc=all \
    "$work"/patches/*.patch >"$work/out" 2>&1 || { cat "$work/out" >&2; fail 'git send-email failed'; }
  envelope_is 1 anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'To: ben@site.example' && has_line 1 '+.' && has_line 1 '+.dots'
  grep -qi '^bcc:' "$work/sink/1.eml" && fail 'the Bcc field was sent'
  has_clean_line_ends 1 && count_is 1
}

case_git_send_email_command() {
  need_git_send_email
  git send-email -h 2>&1 | grep -q -- --sendmail-cmd || { echo '    this git has no --sendmail-cmd' >&2; exit 77; }
  start_sink && configure && make_patch
  git send-email --quiet --confirm=never --sendmail-cmd="$sendmail -i" --envelope-sender=bounces@site.example \
    --from=anna@site.example --to=ben@site.example --suppress-cc=all "$work"/patches/*.patch >"$work/out" 2>&1 ||
    { cat "$work/out" >&2; fail 'git send-email failed'; }
  envelope_is 1 bounces@site.example ben@site.example
  has_line 1 'From: anna@site.example' && has_clean_line_ends 1 && count_is 1
}

case_php_mail() {
  need php
  start_sink && configure
  php -d sendmail_path="$sendmail -t -i" -r '
    $ok = mail("ben@site.example, Cleo <cleo@other.example>", "From PHP", "line one\r\n.\r\nafter the dot\n",
      "From: anna@site.example\r\nBcc: dora@site.example", "-fbounces@site.example");
    exit($ok ? 0 : 1);
  ' >"$work/out" 2>&1 || { cat "$work/out" >&2; fail 'mail() returned false'; }
  envelope_is 1 bounces@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From PHP' && has_line 1 'after the dot' && has_clean_line_ends 1 && count_is 1
  grep -qi '^bcc:' "$work/sink/1.eml" && fail 'the Bcc field was sent'
  return 0
}

case_php_mail_failure() {
  need php
  port=1 && configure
  php -d sendmail_path="$sendmail -t -i" -r 'exit(mail("", "nobody", "text") ? 0 : 1);' >"$work/out" 2>&1 &&
    fail 'mail() without a recipient returned true'
  return 0
}

case_bsd_mailx() {
  need bsd-mailx
  start_sink && configure
  printf 'set sendmail=%s\n' "$sendmail" >"$work/mailrc"
  printf 'line one\n.dot\nlast line\n' |
    MAILRC=$work/mailrc bsd-mailx -n -r anna@site.example -s 'From bsd-mailx' -c cleo@other.example ben@site.example ||
    fail 'bsd-mailx failed'
  envelope_is 1 anna@site.example ben@site.example cleo@other.example
  has_line 1 'Subject: From bsd-mailx' && has_line 1 '.dot' && has_line 1 'last line'
  has_clean_line_ends 1 && count_is 1
}

case_s_nail() {
  need s-nail
  start_sink && configure
  printf 'line one\n.dot\nlast line\n' |
    s-nail -:/ -S v15-compat -S mta="file://$sendmail" -S sendwait -S from=anna@site.example \
      -r anna@site.example -s 'From s-nail' -c cleo@other.example -b dora@site.example ben@site.example \
      >"$work/out" 2>&1 || { cat "$work/out" >&2; fail 's-nail failed'; }
  envelope_is 1 anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From s-nail' && has_line 1 '.dot' && has_line 1 'last line'
  has_clean_line_ends 1 && count_is 1
}

# The same message through msmtp and through us: the server must see the same envelope and the same body.
case_same_as_msmtp() {
  need msmtp
  start_sink && configure
  printf '%s\n' 'From: anna@site.example' 'To: ben@site.example, "Cleo, C." <cleo@other.example>' 'Cc: (team)' \
    ' dora@site.example' 'Bcc: eva@site.example' 'Date: Mon, 02 Nov 2026 10:00:00 +0000' 'Message-ID: <1@site.example>' \
    'Subject: the same' '' '.' '..' '.dot' 'From here' '' 'end' >"$work/message"
  msmtp --file=/dev/null --host=127.0.0.1 --port="$port" --tls=off --auth=off --from=anna@site.example -t -i \
    <"$work/message" || fail 'msmtp failed'
  "$sendmail" -f anna@site.example -t -i <"$work/message" || fail "mq-sendmail ended with $?"
  local number
  for number in 1 2; do
    envelope_is $number anna@site.example ben@site.example cleo@other.example dora@site.example eva@site.example
    sed '1,/^\r$/d' "$work/sink/$number.eml" >"$work/body.$number"
  done
  cmp "$work/body.1" "$work/body.2" || fail 'the bodies differ'
  has_clean_line_ends 2 && count_is 2
}

# Postfix's own test server: smtp-sink writes one file a message when told -d.
case_postfix_smtp_sink() {
  need smtp-sink
  port=$(free_port)
  configure
  mkdir "$work/dump" && chmod 777 "$work" "$work/dump"
  local privileges=()
  [ "$(id -u)" = 0 ] && privileges=(-u nobody)
  (cd "$work" && exec smtp-sink "${privileges[@]}" -d "$work/dump/%M." "127.0.0.1:$port" 10) &
  servers="$servers $!"
  wait_for_port "$port"
  printf 'From: anna@site.example\nTo: ben@site.example\nSubject: to Postfix\n\n.\nend\n' |
    "$sendmail" -t -i || fail "mq-sendmail ended with $?"
  local dump
  dump=$(find "$work/dump" -type f)
  [ -n "$dump" ] || fail 'smtp-sink wrote no message'
  grep -q '^X-Rcpt-Args: <ben@site.example>' "$dump" || fail 'the recipient is not in the dump'
  grep -q '^Subject: to Postfix' "$dump" || fail 'the subject is not in the dump'
}

wait_for_port() {
  local tries=0
  until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -le 200 ] || fail "nobody listens on port $1 after 20 seconds"
    sleep 0.1
  done
}

# A message to somebody whom the server refuses comes back as a delivery report, in $work/mbox.
make_bounce() {
  start_sink && configure
  printf 'To: nobody@other.example\nSubject: Gr\303\274\303\237e an niemand\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\ntext\n' |
    "$sendmail" -f anna@site.example nobody@other.example 2>"$work/err"
  [ $? = 67 ] || fail 'mq-sendmail did not end with 67 for a refused recipient'
  "$root/bin/mq-run" || fail "mq-run ended with $?"
  envelope_is 1 '' anna@site.example
  { echo 'From MAILER-DAEMON Thu Jan  1 00:00:00 1970'; tr -d '\r' <"$work/sink/1.eml"; echo; } >"$work/mbox"
}

case_bounce_in_mutt() {
  need mutt tmux
  make_bounce
  mkdir "$HOME/Mail" # or mutt asks
  local screen tries=0
  tmux -L "mq$$" -f /dev/null new-session -d -x 120 -y 60 "LC_ALL=C.UTF-8 mutt -n -F /dev/null -R -f '$work/mbox' -e 'set pager_stop=yes; push <display-message>'"
  until screen=$(tmux -L "mq$$" capture-pane -p) && grep -q 'Reporting-MTA' <<<"$screen"; do
    tries=$((tries + 1))
    [ $tries -le 100 ] || { echo "$screen" >&2; tmux -L "mq$$" kill-server; fail 'mutt does not show the report'; }
    sleep 0.1
  done
  tmux -L "mq$$" kill-server
  echo "$screen"
  grep -q 'nobody@other.example' <<<"$screen" || fail 'the recipient is not on the screen'
  grep -q '550 5.1.1 no such user' <<<"$screen" || fail 'the words of the server are not on the screen'
}

case_bounce_in_s_nail() {
  need s-nail
  make_bounce
  printf 'type 1\nquit\n' | s-nail -:/ -R -f "$work/mbox" >"$work/shown" 2>&1
  grep -q '550 5.1.1 no such user' "$work/shown" || { cat "$work/shown" >&2; fail 's-nail does not show the report'; }
}

# Python knows the structure of delivery reports (RFC 3464) and takes them apart.
case_bounce_in_python() {
  need python3
  make_bounce
  python3 - "$work/sink/1.eml" <<'PYTHON' || fail 'Python reads something else'
import email, email.policy, sys
report = email.message_from_file(open(sys.argv[1]), policy=email.policy.default)
assert report.get_content_type() == 'multipart/report', report.get_content_type()
assert report.get_param('report-type') == 'delivery-status'
assert not report.defects, report.defects
words, status, header = report.iter_parts()
message, recipient = status.get_payload()
assert message['Reporting-MTA'].startswith('dns;'), message.as_string()
assert recipient['Final-Recipient'].replace(' ', '') == 'rfc822;nobody@other.example', recipient.as_string()
assert recipient['Action'] == 'failed' and recipient['Status'] == '5.1.1', recipient.as_string()
assert header.get_content_type() == 'text/rfc822-headers'
PYTHON
}

# Nobody listens: the mail is queued and the caller sees success; then the server comes back and mq-run delivers.
case_queue_and_run() {
  port=$(free_port)
  configure
  printf 'To: ben@site.example\nSubject: later\n\ntext\n' | "$sendmail" -f anna@site.example -t ||
    fail "mq-sendmail ended with $? although it could queue"
  "$root/bin/mq-run" --all >"$work/out" 2>&1
  [ $? = 75 ] || fail 'mq-run did not end with 75 although the server is down'
  start_sink "$port"
  "$root/bin/mq-run" --all >"$work/out" 2>&1 || { cat "$work/out" >&2; fail "mq-run failed"; }
  envelope_is 1 anna@site.example ben@site.example
  has_line 1 'Subject: later' && count_is 1
  grep -q ' anna@site.example => ben@site.example <' "$work/delivery.log" || fail 'delivery_log has no line'
  "$root/bin/mq-run" --all >"$work/out" 2>&1 || fail 'mq-run failed on an empty queue'
  count_is 1
}

# ---- running them ------------------------------------------------------------------------------------------------

run_case() {
  local name=$1 code
  (
    servers=
    work=$(mktemp -d "${TMPDIR:-/tmp}/mq-interop.XXXXXX") || exit 1
    export HOME=$work
    trap 'for server in $servers; do kill "$server" && wait "$server"; done 2>/dev/null; cd / && rm -rf "$work"' EXIT
    "case_$name"
  )
  code=$?
  case $code in
    0) passed=$((passed + 1)); echo "  ok       interop $name" ;;
    77) skipped=$((skipped + 1)); echo "  SKIPPED  interop $name" ;;
    *) failed=$((failed + 1)); echo "  FAILED   interop $name" ;;
  esac
}

[ $# -gt 0 ] || set -- $(declare -F | sed -n 's/^declare -f case_//p')
if [ ! -e "$root/dist/commands/mq-sendmail.cjs" ]; then
  echo '  FAILED   interop: dist/commands/mq-sendmail.cjs is missing, run npm run build' >&2
  failed=1
else
  for name; do
    declare -F "case_$name" >/dev/null || { echo "no case $name" >&2; exit 64; }
    run_case "$name"
  done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
