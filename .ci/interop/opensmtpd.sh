# shellcheck shell=bash
# Logins at OpenSMTPD, which is unpacked into a site of its own. It speaks TLS by OpenSSL, knows PLAIN and LOGIN, and
# takes no command but STARTTLS and QUIT before TLS is up.

start_opensmtpd() { # PORT TLS_PORT STRICT_PORT
  printf 'ann %s\n' "$(openssl passwd -6 -stdin <<<"$password")" >"$work/users"
  chmod 644 "$work/users"
  cat >/etc/smtpd.conf <<CONF
pki site cert "$work/tls.pem"
pki site key "$work/tls.key"
ca site cert "$work/ca.pem"
table users file:$work/users
listen on 127.0.0.1 port $1 hostname localhost tls-require pki site auth <users>
listen on 127.0.0.1 port $2 hostname localhost smtps pki site auth <users>
listen on 127.0.0.1 port $3 hostname localhost tls-require verify pki site ca site auth <users>
action sink relay host smtp+notls://127.0.0.1:$port
match auth from any for any action sink
CONF
  smtpd -d >"$server_log" 2>&1 &
  servers="$servers $!"
}

site_opensmtpd_logins() {
  need openssl
  local password='pä;ss "w" #1' messages=0 server_log=$work/smtpd.log mechanism starttls tls strict user
  unpack_server opensmtpd
  smtpd -h 2>&1 | grep -q 'OpenSMTPD 6' &&
    { echo '    this OpenSMTPD cannot use its keys with OpenSSL 3' >&2; exit 77; }
  ln -sf "$sendmail" /usr/sbin/sendmail
  for user in opensmtpd opensmtpq; do
    useradd --system --user-group --no-create-home --home-dir /var/lib/opensmtpd/empty $user || fail "no user $user"
  done
  run make_certificates
  run make_client ann ann@site.example
  run make_stranger ann@site.example
  chmod 711 "$work"
  start_sink
  starttls=$(free_port) tls=$(free_port) strict=$(free_port)
  start_opensmtpd "$starttls" "$tls" "$strict"
  local -a account=('smtp_username = ann' "smtp_password = $password")
  wait_for_login "$starttls" PLAIN "${account[@]}"
  for mechanism in plain login; do
    logs_in "$starttls" "${mechanism^^}" "${account[@]}" "auth = $mechanism"
    logs_in "$tls" "${mechanism^^}" "${account[@]}" "auth = $mechanism" 'tls_implicit = yes'
  done
  local client=("tls_cert = $work/ann.pem" "tls_key = $work/ann.key")
  logs_in "$strict" PLAIN "${account[@]}" "${client[@]}"
  is_refused "$strict" 'localhost wants a certificate of the client; set tls_cert' "${account[@]}"
  is_refused "$strict" 'localhost does not accept the certificate in tls_cert' "${account[@]}" "${client[@]//ann./stranger.}"
  account=('smtp_username = ann' 'smtp_password = wrong-horse')
  for mechanism in plain login; do
    is_refused "$starttls" '535 .*; check smtp_username and the password' "${account[@]}" "auth = $mechanism"
  done
}
