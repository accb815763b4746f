# shellcheck shell=bash
# Logins at Postfix, whose passwords are checked by Dovecot: every mechanism that the two know, over STARTTLS and TLS from
# the first byte. Both run from private directories and are stopped with the case; the port of the
# second kind is fixed, so it is one of a loopback address that nobody else uses.

postfix_daemons=/usr/lib/postfix/sbin

# An authority and a certificate for localhost, in $work.
make_certificates() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days 2 -subj '/CN=test authority' &&
    openssl req -newkey rsa:2048 -nodes -keyout "$work/tls.key" -out "$work/tls.csr" -subj '/CN=localhost' &&
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.46\n' >"$work/tls.ext" &&
    openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
      -extfile "$work/tls.ext" -out "$work/tls.pem"
}

start_dovecot() { # MECHANISMS
  mkdir -p "$work/dovecot"
  printf 'ann:{PLAIN}%s\n' "$password" >"$work/users"
  chmod 644 "$work/users"
  cat >"$work/dovecot.conf" <<CONF
base_dir = $work/dovecot
protocols =
ssl = no
log_path = $work/dovecot.log
auth_mechanisms = $1
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = $work/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener $work/postfix/private/auth {
    mode = 0666
  }
}
CONF
  dovecot -F -c "$work/dovecot.conf" &
  servers="$servers $!"
}

start_postfix() {
  smtp_port=$(free_port)
  mkdir -p "$work/etc" "$work/postfix" "$work/data"
  chown postfix "$work/data"
  cat >"$work/etc/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $work/postfix
data_directory = $work/data
maillog_file = $work/postfix.log
maillog_file_prefixes = $work
myhostname = localhost
mydestination =
local_recipient_maps =
inet_interfaces = 127.0.0.1
alias_maps =
relayhost = [127.0.0.1]:$port
smtp_tls_security_level = none
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_auth_only = yes
smtpd_tls_security_level = may
smtpd_tls_cert_file = $work/tls.pem
smtpd_tls_key_file = $work/tls.key
smtpd_relay_restrictions = permit_sasl_authenticated, reject
CONF
  {
    printf '127.0.0.1:%s inet n - n - - smtpd\n' "$smtp_port"
    printf '127.0.0.46:465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n'
    printf 'cleanup unix n - n - 0 cleanup\n'
    printf 'qmgr unix n - n 300 1 qmgr\nsmtp unix - - n - - smtp\nrelay unix - - n - - smtp\n'
    printf 'rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\n'
    printf 'trace unix - - n - 0 bounce\nerror unix - - n - - error\nretry unix - - n - - error\n'
    printf 'tlsmgr unix - - n 1000? 1 tlsmgr\nscache unix - - n - 1 scache\nanvil unix - - n - 1 anvil\n'
    printf 'proxymap unix - - n - - proxymap\npostlog unix-dgram n - n - 1 postlogd\n'
  } >"$work/etc/master.cf"
  postfix -c "$work/etc" check >"$work/check" 2>&1 || { cat "$work/check" >&2; fail 'postfix check failed'; }
  MAIL_CONFIG=$work/etc "$postfix_daemons/master" -d -c "$work/etc" &
  servers="$servers $!"
}

log_in_with() { # PORT OPTION...
  local at=$1 host=localhost
  [ "$at" = 465 ] && host=127.0.0.46
  shift
  {
    printf '[mailqueue]\nsmtp_hostname = %s\nsmtp_port = %s\ntls_ca = %s\n' "$host" "$at" "$work/ca.pem"
    printf 'smtp_username = ann\nqueue_dir = %s\nfrom = anna@site.example\nsmtp_timeout = 20\n' "$work/queue"
    printf '%s\n' "$@"
  } >"$work/mailqueue.conf"
  chmod 600 "$work/mailqueue.conf"
}

# Postfix is up when it greets, and Dovecot when Postfix offers logins.
wait_for_logins() {
  local tries=0
  log_in_with "$smtp_port" 'smtp_password = x'
  until "$sendmail" -C "$work/mailqueue.conf" --serverinfo 2>/dev/null | grep -q 'AUTH.*SCRAM-SHA-256'; do
    tries=$((tries + 1))
    [ $tries -le 100 ] || { cat "$work/postfix.log" "$work/dovecot.log" >&2; fail 'Postfix offers no logins'; }
    sleep 0.2
  done
}

# One login: it works, by this mechanism, and the message arrives.
logs_in() { # PORT MECHANISM OPTION...
  local at=$1 mechanism=$2
  shift 2
  log_in_with "$at" "smtp_password = $password" "$@"
  "$root/bin/mq-send-test" -C "$work/mailqueue.conf" -v --to=ben@site.example >"$work/out" 2>&1 ||
    { cat "$work/out" "$work/postfix.log" >&2; fail "no login by $mechanism"; }
  grep -q "C: AUTH $mechanism\b" "$work/out" || { cat "$work/out" >&2; fail "the login was not by $mechanism"; }
  grep -qF "$password" "$work/out" && fail 'the password is in the dialogue'
  messages=$((messages + 1))
  wait_for "$work/sink/$messages.env"
}

case_postfix_dovecot_logins() {
  need dovecot postfix openssl
  [ -x "$postfix_daemons/master" ] || { echo '    Postfix keeps its daemons elsewhere' >&2; exit 77; }
  [ "$(id -u)" = 0 ] || { echo '    only root can start Postfix' >&2; exit 77; }
  local password='pä;ss "w" #1' smtp_port messages=0 mechanism
  chmod 711 "$work"
  start_sink
  run make_certificates
  start_postfix
  start_dovecot 'plain login cram-md5 scram-sha-1 scram-sha-256'
  wait_for_logins
  for mechanism in plain login cram-md5 scram-sha-1 scram-sha-256; do
    logs_in "$smtp_port" "${mechanism^^}" "auth = $mechanism"
  done
  logs_in "$smtp_port" SCRAM-SHA-256
  logs_in 465 SCRAM-SHA-256
  logs_in 465 PLAIN 'auth = plain'
  log_in_with "$smtp_port" 'smtp_password = wrong' "log = $work/log"
  printf 'To: ben@site.example\n\ntext\n' | "$sendmail" -C "$work/mailqueue.conf" -t || fail 'the mail was not queued'
  grep -q '535 5.7.8.*check smtp_username and the password' "$work/log" || { cat "$work/log" >&2; fail 'no word about it'; }
  count_is $messages
  log_in_with "$smtp_port" "password_command = cat $work/secret"
  printf '%s\n' "$password" >"$work/secret"
  "$root/bin/mq-run" -C "$work/mailqueue.conf" --all || fail "mq-run ended with $?"
  messages=$((messages + 1))
  wait_for "$work/sink/$messages.env"
  count_is $messages
}
