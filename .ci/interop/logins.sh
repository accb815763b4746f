# shellcheck shell=bash
# Logins at Postfix, whose passwords are checked by Dovecot: every mechanism that the two know, over STARTTLS and TLS from
# the first byte. Both run from private directories and are stopped with the case; the port of the
# second kind is fixed, so it is one of a loopback address that nobody else uses.

postfix_daemons=/usr/lib/postfix/sbin

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
# no longer wait for each wrong password
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
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
smtpd_error_sleep_time = 0
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

case_postfix_dovecot_logins() {
  need dovecot postfix openssl
  [ -x "$postfix_daemons/master" ] || { echo '    Postfix keeps its daemons elsewhere' >&2; exit 77; }
  [ "$(id -u)" = 0 ] || { echo '    only root can start Postfix' >&2; exit 77; }
  local password='pä;ss "w" #1' smtp_port messages=0 mechanism server_log=$work/postfix.log
  chmod 711 "$work"
  start_sink
  run make_certificates
  start_postfix
  start_dovecot 'plain login cram-md5 scram-sha-1 scram-sha-256'
  local -a account=('smtp_username = ann' "smtp_password = $password")
  wait_for_login "$smtp_port" SCRAM-SHA-256 "${account[@]}"
  for mechanism in plain login cram-md5 scram-sha-1 scram-sha-256; do
    logs_in "$smtp_port" "${mechanism^^}" "${account[@]}" "auth = $mechanism"
  done
  logs_in "$smtp_port" SCRAM-SHA-256 "${account[@]}"
  logs_in 465 SCRAM-SHA-256 "${account[@]}"
  logs_in 465 PLAIN "${account[@]}" 'auth = plain'
  account=('smtp_username = ann' 'smtp_password = wrong-horse')
  for mechanism in plain login cram-md5 scram-sha-1 scram-sha-256; do
    is_refused "$smtp_port" '535 5.7.8.*check smtp_username and the password' "${account[@]}" "auth = $mechanism"
  done
  log_in_with "$smtp_port" 'smtp_username = ann' "password_command = cat $work/secret"
  printf '%s\n' "$password" >"$work/secret"
  "$root/bin/mq-run" -C "$work/mailqueue.conf" --all || fail "mq-run ended with $?"
  messages=$((messages + 1))
  wait_for "$work/sink/$messages.env"
  count_is $messages
}
