#!/usr/bin/env bash
# Real programs with our commands: programs that call bin/mq-sendmail as their sendmail, and other people's SMTP
# software on the other side. One function a case, in interop/*.sh; a case that lacks its program is skipped, loudly.
# The last line is exactly "N passed, N failed, N skipped"; the exit code is 1 when anything failed.
#
#     .ci/interop.sh [CASE...]
set -u
exec </dev/null

root=$(cd "$(dirname "$0")/.." && pwd)
sendmail=$root/bin/mq-sendmail
tmp=${TMPDIR:-/tmp}
callers=$root/node_modules/.cache/callers/root # see callers.sh
PATH=$PATH:/usr/sbin:/sbin
unset MAILRC EMAIL MAILTO GIT_DIR GIT_WORK_TREE MAILQUEUE_CONF
export LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null

passed=0 failed=0 skipped=0

# ---- what a case needs -------------------------------------------------------------------------------------------
# A case is a function case_NAME. It runs in a subshell with its own directory ($work), its own queue and its own
# server. It ends with 0, with 77 after "need" found a program missing, or with anything else.
# A case that is called site_NAME runs as root of a machine that has mq-sendmail installed; see enter_site.

fail() { echo "    $*" >&2; exit 1; }

need() {
  local program
  for program; do
    command -v "$program" >/dev/null || { echo "    $program is not installed" >&2; exit 77; }
  done
}

# Modules of Perl, PHP or Ruby have no command; their files are known.
need_file() { [ -e "$1" ] || { echo "    $1 is not installed" >&2; exit 77; }; }

# Runs a program whose words matter only when it fails.
run() { "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; fail "$1 failed"; }; }

# The server writes each message to $work/sink; see sink.mjs. An argument is the port to listen on.
start_sink() {
  mkdir -p "$work/sink"
  rm -f "$work/sink/port"
  node "$root/.ci/sink.mjs" "$work/sink" "${1:-0}" &
  servers="$servers $!"
  wait_for "$work/sink/port"
  port=$(cat "$work/sink/port")
}

# Looks until something is so, for a minute: what takes a moment takes many on a machine that has other work.
wait_until() { # WHAT COMMAND...
  local what=$1 end=$((SECONDS + 60))
  shift
  until "$@"; do
    [ $SECONDS -le $end ] || fail "within 60 seconds it did not come to this: $what"
    kill -0 ${servers:-$$} || fail 'the server has ended'
    sleep 0.1
  done
}

wait_for() { wait_until "something is in $1" test -s "$1"; }

# A port nobody listens on and nobody gets: the system gives those of a range to whoever asks for any, and to connections
# going out, and this is below it. No case gets one twice.
free_port() {
  node -e '
    const { readFileSync, writeFileSync } = require("fs")
    const { createServer } = require("net")
    const [given] = process.argv.slice(1)
    const read = (path, otherwise) => { try { return readFileSync(path, "utf8") } catch { return otherwise } }
    const [most] = read("/proc/sys/net/ipv4/ip_local_port_range", "32768").split(/\s/)
    const taken = read(given, "").split("\n")
    const pick = () => {
      const port = 10000 + Math.floor(Math.random() * (most - 10000))
      if (taken.includes(String(port))) return pick()
      const server = createServer().once("error", pick).listen(port, "127.0.0.1", () => server.close(() => {
        writeFileSync(given, `${port}\n`, { flag: "a" })
        console.log(port)
      }))
    }
    pick()
  ' "$work/ports"
}

# The configuration is named in the environment; on a site it is the one of the machine, as daemons pass nothing on.
configure() {
  local file=$work/mailqueue.conf
  if [ -n "$on_site" ]; then file=/etc/mailqueue.conf; else export MAILQUEUE_CONF=$file; fi
  cat >"$file" <<CONF
[mailqueue]
smtp_hostname = 127.0.0.1
smtp_port = $port
queue_dir = $work/queue
delivery_log = $work/delivery.log
qualify_domain = site.example
CONF
  chmod 600 "$file"
}

# For users of a site who may all read the configuration, and have a queue each.
configure_for_users() {
  configure
  sed -i 's|^queue_dir .*|queue_dir = ~/.mailqueue|; /^delivery_log/d' /etc/mailqueue.conf
  chmod 644 /etc/mailqueue.conf
}

# ---- what arrived ------------------------------------------------------------------------------------------------

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

show() { cat "$work/sink/$1.eml" >&2; }

# A line of the message, without its CRLF, must be there exactly once.
has_line() { # N LINE
  local count
  count=$(tr -d '\r' <"$work/sink/$1.eml" | grep -cxF -- "$2")
  [ "$count" = 1 ] || { show "$1"; fail "the message has the line \"$2\" $count times"; }
}

# Every line must end with CRLF, and nothing else may hold a CR or an LF.
has_clean_line_ends() { # N
  node -e '
    const text = require("fs").readFileSync(process.argv[1], "latin1")
    if (!text.endsWith("\r\n") || /[\r\n]/.test(text.replaceAll("\r\n", ""))) process.exit(1)
  ' "$work/sink/$1.eml" || { show "$1"; fail "the message has bare CR or LF, or no line end at its end"; }
}

count_is() { # N
  local count
  count=$(find "$work/sink" -name '[0-9]*.env' | wc -l)
  [ "$count" = "$1" ] || fail "$count messages arrived, not $1"
}

# This must be the only message: to these, whole, and without its Bcc field.
arrived() { # SENDER RECIPIENT...
  envelope_is 1 "$@"
  has_clean_line_ends 1 && count_is 1
  sed '/^\r$/q' "$work/sink/1.eml" | grep -qi '^bcc *:' && { show 1; fail 'the Bcc field was sent'; }
  return 0
}

# The body that callers send when they say that a dot does not end it, and what the others can send.
text=$'line one\n.\n..\n.dot\nFrom here\n\nlast line\n'
dotless=$'line one\n.dot\nFrom here\n\nlast line\n'

# These lines must be in the message, one after the other.
has_text() { # N TEXT
  node -e '
    const [file, text] = process.argv.slice(1)
    const message = require("fs").readFileSync(file, "latin1").replaceAll("\r\n", "\n")
    if (!`\n${message}`.includes(`\n${text}`)) process.exit(1)
  ' "$work/sink/$1.eml" "$2" || { show "$1"; fail 'the text of the message is another one'; }
}

# ---- a machine that has mq-sendmail installed --------------------------------------------------------------------
# A mount namespace in which the unpacked packages of callers.sh lie over /usr, /etc and /var, and our command is
# /usr/sbin/sendmail, as the README installs it. What is written there is kept in memory and is gone with the
# namespace, and so is every process of the case, daemons too; nothing else but the directory for temporary files
# can be written to. Jobs of the real machine are not seen.

needs_for_site() {
  if [ "$(id -u)" != 0 ]; then
    echo 'needs root'
  elif [ ! -d "$callers" ]; then
    echo 'no packages of callers are here: .ci/callers.sh unpacks them, on Debian'
  elif ! unshare --mount --pid --fork --kill-child --mount-proc true 2>/dev/null; then
    echo 'no namespaces can be made'
  fi
}

enter_site() {
  local part lower
  mount -t tmpfs tmpfs /run && mount --bind "$tmp" "$tmp" || return
  for part in usr etc var home root; do
    lower=/$part
    [ -d "$callers/$part" ] && lower=$callers/$part:$lower
    mkdir -p "/run/site/$part" "/run/site/$part.work" || return
    mount -t overlay overlay \
      -o "lowerdir=$lower,upperdir=/run/site/$part,workdir=/run/site/$part.work" "/$part" || return
  done
  mount -o remount,bind,ro / || return
  mount -t tmpfs tmpfs /var/spool && mkdir -p /run/lock || return
  rm -rf /etc/cron.* /etc/crontab /etc/anacrontab /etc/sudoers.d/* /etc/mailqueue.conf
  ln -sf "$sendmail" /usr/sbin/sendmail && ln -sf /usr/sbin/sendmail /usr/lib/sendmail || return
  # cron and sudo look for programs in few places
  [ -e /usr/bin/node ] || ln -s "$node" /usr/bin/node
  hash -r
}

# ---- the cases ---------------------------------------------------------------------------------------------------

for file in "$root"/.ci/interop/*.sh; do
  # shellcheck source=/dev/null
  . "$file"
done

# ---- running them ------------------------------------------------------------------------------------------------

is_case() { declare -F "case_$1" >/dev/null; }
is_site_case() { declare -F "site_$1" >/dev/null; }

# Runs one case in this process's subshell; its code is the outcome.
in_its_directory() ( # FUNCTION
  servers=
  work=$(mktemp -d "$tmp/mq-interop.XXXXXX") || exit 1
  export HOME=$work
  trap 'for server in $servers; do kill "$server" && wait "$server"; done 2>/dev/null; cd / && rm -rf "$work"' EXIT
  "$1"
)

run_case() {
  local name=$1 code started=$SECONDS reason
  if is_case "$name"; then
    in_its_directory "case_$name"
    code=$?
  elif reason=$(needs_for_site) && [ -n "$reason" ]; then
    echo "    $reason" >&2
    code=77
  else
    unshare --mount --pid --fork --kill-child --mount-proc "$root/.ci/interop.sh" --on-site "$name"
    code=$?
  fi
  case $code in
    0) passed=$((passed + 1)); echo "  ok       interop $name ($((SECONDS - started)) s)" ;;
    77) skipped=$((skipped + 1)); echo "  SKIPPED  interop $name" ;;
    *) failed=$((failed + 1)); echo "  FAILED   interop $name" ;;
  esac
}

on_site=
node=$(command -v node)
if [ "${1-}" = --on-site ]; then
  on_site=yes
  enter_site || { echo '    the site cannot be built' >&2; exit 1; }
  in_its_directory "site_$2"
  exit
fi

[ $# -gt 0 ] || set -- $(declare -F | sed -nE 's/^declare -f (case|site)_//p')
if [ ! -e "$root/dist/commands/mq-sendmail.cjs" ]; then
  echo '  FAILED   interop: dist/commands/mq-sendmail.cjs is missing, run npm run build' >&2
  failed=1
else
  for name; do
    is_case "$name" || is_site_case "$name" || { echo "no case $name" >&2; exit 64; }
    run_case "$name"
  done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
