#!/usr/bin/env bash
# The steps of debian-root.sh, run as root of a clean Debian whose /srv/packages holds the packages: those of a version,
# and those of one that comes after it. Each step goes on where the one before it ended.
set -u
cd /srv/packages || exit 1
old=$(ls | sed -nE 's/^mailqueue_(.*)_all\.deb$/\1/p' | grep -v next)
new=$old+next
# what was counted before
passed=${PASSED:-0} failed=${FAILED:-0} skipped=${SKIPPED:-0}
servers=

fail() { echo "    $*" >&2; exit 1; }
same() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }
is_there() { [ -e "$1" ] || [ -L "$1" ] || fail "$1 is not there"; }
is_gone() { [ -e "$1" ] || [ -L "$1" ] || return 0; fail "$1 is still there"; }
mode_of() { stat -c '%a %U:%G' "$1"; }
as_ann() { (cd /home/ann && setpriv --reuid ann --regid ann --init-groups env -i PATH=/usr/bin:/bin HOME=/home/ann LC_ALL=C.UTF-8 "$@"); }
as_daemon() { setpriv --reuid mailqueue --regid mailqueue --init-groups env -i PATH=/usr/bin:/bin HOME=/var/lib/mailqueue \
  MAILQUEUE_CONF=/etc/mailqueue.conf "$@"; }

packages() { # VERSION
  apt-get -q -y install "./mailqueue_$1_all.deb" "./mailqueue-mta_$1_all.deb" >/tmp/apt 2>&1 && return
  cat /tmp/apt >&2
  fail 'apt-get failed'
}

has_option() { grep -q "^$1 = " /etc/mailqueue.conf; }
has_daemon() { mq-run --help | grep -q -- --daemon; }
drops() { has_option submit_dir; }

# ---- the server ---------------------------------------------------------------------------------------------------

# It writes each message to /srv/sink; see sink.mjs.
server_up() {
  mkdir -p /srv/sink
  rm -f /srv/sink/*
  node /srv/packages/sink.mjs /srv/sink 2525 &
  echo $! >/run/sink.pid
  wait_until 'the server listens' test -s /srv/sink/port
}

server_down() { kill "$(cat /run/sink.pid)"; while kill -0 "$(cat /run/sink.pid)" 2>/dev/null; do sleep 0.1; done; }

wait_until() { # WHAT COMMAND...
  local what=$1 tries=0
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -le 600 ] || fail "within 60 seconds it did not come to this: $what"
    sleep 0.1
  done
}

# A file that begins with a dot is being written.
has_arrived() { grep -rqsF --include='[0-9]*.eml' -- "$1" /srv/sink; }
count_of() { grep -rlsF --include='[0-9]*.eml' -- "$1" /srv/sink | wc -l; }

# What users have sent is handed over by a run of the queue, where they cannot send themselves.
arrives() { # WORDS OF THE MESSAGE
  has_arrived "$1" || as_daemon mq-run || fail "mq-run ended with $?"
  wait_until "\"$1\" arrives" has_arrived "$1"
  same "copies of \"$1\"" "$(count_of "$1")" 1
}

# ---- the steps ----------------------------------------------------------------------------------------------------

step_install() {
  useradd --create-home --shell /bin/bash ann || exit
  # the commands of docs/installation.md, word for word
  mkdir -p /srv/clone/packages && cp ./*_"$old"_all.deb /srv/clone/packages || exit
  echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/90-nobody-is-asked
  (cd /srv/clone && sed -n '/^```sh debian$/,/^```$/p' /srv/packages/installation.md | grep -v '^```' | bash -eu) >/tmp/apt 2>&1 ||
    { cat /tmp/apt; fail 'the commands of the documentation failed'; }
  grep -q 'Run mq-configure' /tmp/apt || fail 'nobody is told to run mq-configure'
  dpkg -s msmtp-mta 2>/dev/null | grep -q '^Status: install ok' && fail 'the other mail transport agent is still there'
  same 'owner of a command' "$(mode_of /usr/lib/mailqueue/bin/mq-sendmail)" '755 root:root'
}

step_places() {
  same 'shell of mailqueue' "$(getent passwd mailqueue | cut -d: -f6,7)" /var/lib/mailqueue:/usr/sbin/nologin
  same queue "$(mode_of /var/spool/mailqueue/queue)" '700 mailqueue:mailqueue'
  same drop "$(mode_of /var/spool/mailqueue/drop)" '3733 mailqueue:mailqueue'
  same spool "$(mode_of /var/spool/mailqueue)" '755 root:root'
  same tokens "$(mode_of /var/lib/mailqueue)" '700 mailqueue:mailqueue'
  same logs "$(mode_of /var/log/mailqueue)" '750 mailqueue:adm'
  same secrets "$(mode_of /etc/mailqueue)" '750 root:mailqueue'
  same credentials "$(mode_of /etc/mailqueue/credentials)" '700 root:root'
  same configuration "$(mode_of /etc/mailqueue.conf)" '644 root:root'
  as_ann ls /var/spool/mailqueue/drop 2>/dev/null && fail 'a user can list the drop directory'
  as_ann ls /var/spool/mailqueue/queue 2>/dev/null && fail 'a user can list the queue'
  return 0
}

step_links() {
  local link
  for link in /usr/sbin/sendmail /usr/lib/sendmail /usr/bin/mailq /usr/bin/newaliases; do
    same "$link" "$(readlink -f $link)" /usr/lib/mailqueue/bin/mq-sendmail
  done
  for link in /usr/bin/mail /usr/bin/mailx /usr/bin/Mail; do
    same "$link" "$(readlink -f $link)" /usr/lib/mailqueue/bin/mq-mail
  done
  mail --version | grep -q '^mq-mail ' || fail 'mail is another one'
}

step_compiled_code() {
  local caches=/usr/lib/mailqueue/dist/commands
  [ "$(find $caches -name "*.$(node --version)-*.cache" | wc -l)" -ge 14 ] || fail 'there is no compiled code'
  find $caches ! -user root -o -perm /022 ! -type l | grep . && fail 'others can write compiled code'
  rm $caches/*.cache
  dpkg-trigger --by-package=nodejs /usr/bin/node && dpkg --configure --pending >/dev/null || fail 'the trigger of Node.js failed'
  [ "$(find $caches -name '*.cache' | wc -l)" -ge 14 ] || fail 'a new Node.js gets no compiled code'
}

step_completion() {
  bash -c '. /usr/share/bash-completion/completions/mq-run; COMP_WORDS=(mq-run --al); COMP_CWORD=1; _mq_run; echo "${COMPREPLY[*]}"' |
    grep -qx -- --all || fail 'bash completes nothing'
}

step_configure() {
  server_up
  mq-configure --yes --host=127.0.0.1 --port=2525 --no-login machine@site.example >/tmp/out 2>&1 || { cat /tmp/out; fail 'mq-configure failed'; }
  sed -i 's/^#qualify_domain = .*/qualify_domain = site.example/' /etc/mailqueue.conf
  mq-send-test --check --quiet --to=you@site.example || fail "the check ended with $?"
}

step_mail() {
  echo 'words of ann' | as_ann mail -s 'from mail' bob@site.example || fail "mail ended with $?"
  arrives 'words of ann'
}

step_cron() {
  echo '@reboot echo words of cron' | as_ann crontab - || fail 'no crontab'
  cron || fail 'cron does not start'
  wait_until 'cron has sent' runs_and_arrives 'words of cron'
  arrives 'words of cron'
  pkill -x cron 2>/dev/null || kill "$(cat /run/crond.pid)"
  as_ann crontab -r
}
# What comes when it likes is there after one run of the queue or another.
runs_and_arrives() { has_arrived "$1" || { as_daemon mq-run && has_arrived "$1"; }; }

step_git_send_email() {
  as_ann bash -c 'git init -q r && cd r && git config user.name Ann && git config user.email ann@site.example &&
    git commit -q --allow-empty -m empty && echo one >f && git add f && git commit -q -m "words of git" &&
    git send-email --quiet --confirm=never --to=bob@site.example -1' >/tmp/out 2>&1 || { cat /tmp/out; fail 'git send-email failed'; }
  arrives 'words of git'
}

step_php_mail() {
  as_ann php -r 'exit(mail("bob@site.example", "from PHP", "words of PHP") ? 0 : 1);' || fail 'mail() of PHP failed'
  arrives 'words of PHP'
}

step_server_down() {
  local who=as_ann
  drops || who=as_daemon
  server_down
  echo 'words that wait' | $who mail -s waiting bob@site.example 2>/tmp/out || { cat /tmp/out; fail "mail ended with $?"; }
  as_daemon mq-run 2>/dev/null
  mailq | grep -q bob@site.example || fail 'mailq does not show what waits'
  server_up
  as_daemon mq-run --all || fail "mq-run ended with $?"
  arrives 'words that wait'
  mailq | grep -q empty || fail 'the queue is not empty'
}

step_daemon() {
  has_daemon || return 77
  # shellcheck disable=SC2016 # the shell of the daemon's user says its number
  as_daemon sh -c 'echo $$ >/tmp/daemon.pid; exec "$@"' - \
    $(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/mailqueue.service) 2>/tmp/daemon &
  echo 'words for the daemon' | as_ann mail -s daemon bob@site.example || fail "mail ended with $?"
  wait_until 'the daemon delivers' has_arrived 'words for the daemon'
  kill -HUP "$(cat /tmp/daemon.pid)"
  echo 'more words for the daemon' | as_ann mail -s daemon bob@site.example || fail "mail ended with $?"
  wait_until 'the daemon delivers after SIGHUP' has_arrived 'more words for the daemon'
  kill -0 "$(cat /tmp/daemon.pid)" || fail 'the daemon has ended'
}

step_upgrade() {
  server_down
  echo '# a line of the administrator' >>/etc/mailqueue.conf
  echo 'words that are upgraded' | as_daemon mq-sendmail -f ann@site.example bob@site.example || fail "mq-sendmail ended with $?"
  packages "$new"
  grep -q 'a line of the administrator' /etc/mailqueue.conf || fail 'the configuration was replaced'
  dpkg -s mailqueue | grep -qxF "Version: $new" || fail 'the version is another one'
  mailq | grep -q bob@site.example || fail 'the queue was lost'
  server_up
  if has_daemon; then
    kill "$(cat /tmp/daemon.pid)" || fail 'the daemon has ended'
    wait_until 'the daemon ends' sh -c "! kill -0 $(cat /tmp/daemon.pid)"
  fi
  as_daemon mq-run --all || fail "mq-run ended with $?"
  arrives 'words that are upgraded'
}

step_other_mail_program() {
  printf '#!/bin/sh\n' >/usr/bin/other-mail && chmod 755 /usr/bin/other-mail
  update-alternatives --install /usr/bin/mailx mailx /usr/bin/other-mail 50 --slave /usr/bin/mail mail /usr/bin/other-mail >/dev/null
  same 'mail of a package that is wanted more' "$(readlink -f /usr/bin/mail)" /usr/bin/other-mail
  update-alternatives --set mailx /usr/bin/mq-mail >/dev/null
  same 'mail that was chosen' "$(readlink -f /usr/bin/mail)" /usr/lib/mailqueue/bin/mq-mail
  update-alternatives --remove mailx /usr/bin/other-mail
}

step_remove_and_reinstall() {
  apt-get -q -y remove mailqueue-mta mailqueue >/tmp/apt 2>&1 || fail 'apt-get remove failed'
  is_gone /usr/lib/mailqueue
  is_gone /usr/sbin/sendmail
  is_gone /usr/bin/mail
  is_there /etc/mailqueue.conf
  packages "$new"
  grep -q 'Run mq-configure' /tmp/apt && fail 'the configuration is not found again'
  echo 'words after all that' | as_daemon mail -s again bob@site.example || fail "mail ended with $?"
  arrives 'words after all that'
}

step_purge_keeps_mail() {
  server_down
  echo 'words that nobody may throw away' | as_daemon mq-sendmail -f ann@site.example bob@site.example || fail "mq-sendmail ended with $?"
  apt-get -q -y purge mailqueue-mta mailqueue >/tmp/apt 2>&1 || fail 'apt-get purge failed'
  grep -q '1 messages\? .*left in /var/spool/mailqueue' /tmp/apt || { cat /tmp/apt; fail 'nobody is told of the mail that is left'; }
  grep -rqF 'words that nobody may throw away' /var/spool/mailqueue/queue/new || fail 'mail was thrown away'
  is_gone /etc/mailqueue.conf
  is_gone /etc/mailqueue
  is_gone /var/lib/mailqueue
  packages "$new"
  server_up
  sed -i 's/^#smtp_hostname = .*/smtp_hostname = 127.0.0.1/; s/^#smtp_port = .*/smtp_port = 2525/' /etc/mailqueue.conf
  as_daemon mq-run --all || fail "mq-run ended with $?"
  arrives 'words that nobody may throw away'
}

step_purge() {
  apt-get -q -y purge mailqueue-mta mailqueue >/tmp/apt 2>&1 || fail 'apt-get purge failed'
  local left
  left=$(find /etc /usr /var /run -iname '*mailqueue*' -not -path '/var/lib/dpkg/*' -not -path '/var/log/apt/*')
  same 'what is left' "$left" ''
}

# ---- running them -------------------------------------------------------------------------------------------------

for name in $(sed -nE 's/^step_(\w+)\(\).*/\1/p' "$0"); do
  started=$SECONDS
  (step_"$name")
  case $? in
    0) passed=$((passed + 1)); echo "  ok       debian $name ($((SECONDS - started)) s)" ;;
    77) skipped=$((skipped + 1)); echo "  SKIPPED  debian $name: mq-run has no daemon" ;;
    *) failed=$((failed + 1)); echo "  FAILED   debian $name" ;;
  esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
