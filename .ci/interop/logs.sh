# shellcheck shell=bash
# Where the logs and metrics go: syslog over the real logger, and what checks metrics.

# A /dev of the site's own, so that nothing is put into the machine's.
own_dev() {
  local each
  mkdir /run/dev && mount -t tmpfs tmpfs /run/dev || fail 'there is no /dev for the site'
  for each in null zero full random urandom tty; do
    : >"/run/dev/$each" && mount --bind "/dev/$each" "/run/dev/$each" || fail "/dev/$each is missing"
  done
  ln -s /proc/self/fd /run/dev/fd
  mount --rbind /run/dev /dev || fail 'there is no /dev for the site'
}

send_with_log() { # LOG
  start_sink && configure
  printf 'log = %s\n' "$1" >>/etc/mailqueue.conf
  printf 'To: ben@other.example\n\nhello\n' | "$sendmail" -f anna@site.example -t 2>"$work/err" || fail 'sending failed'
  [ ! -s "$work/err" ] || { cat "$work/err" >&2; fail 'something was said on standard error'; }
  arrived anna@site.example ben@other.example
}

# Any syslog daemon of datagrams: one that prints what it gets.
site_syslog_datagrams() {
  need python3 logger
  own_dev
  python3 -u - "$work/lines" <<'PYTHON' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('/dev/log')
open(sys.argv[1] + '.ready', 'w').write('ready')
open(sys.argv[1], 'wb').write(s.recv(100000) + b'\n')
PYTHON
  wait_for "$work/lines.ready"
  send_with_log syslog
  wait_for "$work/lines"
  grep -qE '^<22>.* mq-sendmail\[[0-9]+\]: \{.*"event":"message.delivered".*"recipient":"ben@other.example".*\}$' "$work/lines" ||
    { cat "$work/lines" >&2; fail 'the line lacks something'; }
}

site_rsyslog() {
  need rsyslogd logger
  own_dev
  cat >"$work/rsyslog.conf" <<CONF
module(load="imuxsock" SysSock.Name="/dev/log")
template(name="plain" type="string" string="%syslogfacility-text% %syslogseverity-text% %programname%%msg%\n")
mail.* action(type="omfile" file="$work/lines" template="plain")
CONF
  rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" &
  servers="$servers $!"
  wait_until 'rsyslogd listens' test -S /dev/log
  send_with_log syslog
  (wait_until 'the line is written' grep -qsE '^mail info mq-sendmail *\{.*"event":"message.delivered".*\}$' "$work/lines") ||
    { cat "$work/lines" >&2; exit 1; }
}

metrics_of_a_run() {
  start_sink && configure
  printf 'metrics_file = %s\n' "$work/mailqueue.prom" >>"$work/mailqueue.conf"
  printf 'To: ben@other.example\n\nhello\n' | "$sendmail" -f anna@site.example -t || fail 'sending failed'
  "$root/bin/mq-run" || fail 'the run failed'
  wait_for "$work/mailqueue.prom"
}

case_promtool() {
  need promtool
  metrics_of_a_run
  run promtool check metrics <"$work/mailqueue.prom"
  run promtool check rules "$root/packaging/prometheus/mailqueue.rules.yml"
}

# The reader of the Python client.
case_prometheus_client() {
  need_file /usr/lib/python3/dist-packages/prometheus_client
  metrics_of_a_run
  # that of Debian, whatever other Python there is
  run /usr/bin/python3 - "$work/mailqueue.prom" <<'PYTHON'
import sys
from prometheus_client.parser import text_string_to_metric_families
families = {f.name: f for f in text_string_to_metric_families(open(sys.argv[1]).read())}
assert families['mailqueue_attempts'].samples[0].value == 1, families
assert families['mailqueue_attempt_duration_seconds'].type == 'histogram'
PYTHON
}
