# shellcheck shell=bash
# Logins at Exim, which is unpacked into a site of its own: passwords that it checks itself and some that Cyrus SASL
# checks, certificates, STARTTLS and TLS from the first byte. It speaks TLS by GnuTLS.

# STARTTLS on one port, TLS from the first byte on another, and a third that lets nobody in without a certificate.
start_exim() { # PORT TLS_PORT STRICT_PORT
  mkdir -p /etc/exim4 /var/spool/exim4 /var/log/exim4 /etc/sasl2
  chown Debian-exim /var/spool/exim4 /var/log/exim4
  cat >/etc/sasl2/exim.conf <<CONF
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $work/sasldb
mech_list: SCRAM-SHA-256 SCRAM-SHA-1
CONF
  cat >/etc/exim4/exim4.conf <<CONF
primary_hostname = localhost
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = $1 : $2 : $3
tls_on_connect_ports = $2
tls_advertise_hosts = *
tls_certificate = $work/tls.pem
tls_privatekey = $work/tls.key
tls_verify_certificates = $work/ca.pem
tls_try_verify_hosts = *
tls_verify_hosts = \${if eq{\$received_port}{$3}{*}}
auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
rfc1413_query_timeout = 0s
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept authenticated = *
  deny message = log in first
begin routers
sink:
  driver = manualroute
  route_list = * 127.0.0.1::$port
  self = send
  transport = sink
begin transports
sink:
  driver = smtp
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{ann}}{eq{\$auth3}{\${readfile{$work/secret}{}}}}}}
  server_set_id = \$auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${if and{{eq{\$auth1}{ann}}{eq{\$auth2}{\${readfile{$work/secret}{}}}}}}
  server_set_id = \$auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${if eq{\$auth1}{ann}{\${readfile{$work/secret}{}}}fail}
  server_set_id = \$auth1
scram1:
  driver = cyrus_sasl
  public_name = SCRAM-SHA-1
  server_realm = site
  server_set_id = \$auth1
scram256:
  driver = cyrus_sasl
  public_name = SCRAM-SHA-256
  server_realm = site
  server_set_id = \$auth1
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = \$tls_in_certificate_verified
  server_param2 = \${certextract{subj_altname,mail,>:}{\$tls_in_peercert}}
  server_condition = \${if or{{eq{\$auth1}{}}{inlist{\$auth1}{\$auth2}}}}
  server_set_id = \$auth1
CONF
  exim4 -bdf -q1h 2>/dev/null &
  servers="$servers $!"
}

site_exim_logins() {
  need openssl saslpasswd2
  local password='pä;ss "w" #1' messages=0 server_log=/var/log/exim4/mainlog mechanism starttls tls strict ann ben stranger
  unpack_server exim4-daemon-heavy
  useradd --system --user-group --no-create-home Debian-exim || fail 'no user for Exim'
  run make_certificates
  run make_client ann ann@site.example
  run make_client ben ben@site.example
  run make_stranger ann@site.example
  chmod 711 "$work"
  printf '%s' "$password" >"$work/secret"
  saslpasswd2 -p -c -u site -f "$work/sasldb" ann <"$work/secret"
  chmod 644 "$work"/{secret,sasldb,tls.key}
  start_sink
  starttls=$(free_port) tls=$(free_port) strict=$(free_port)
  start_exim "$starttls" "$tls" "$strict"
  ann=$(by_certificate ann) ben=$(by_certificate ben) stranger=$(by_certificate stranger)
  wait_for_login "$starttls" SCRAM-SHA-256

  local -a account=('smtp_username = ann' "smtp_password = $password")
  for mechanism in plain login cram-md5 scram-sha-1 scram-sha-256; do
    logs_in "$starttls" "${mechanism^^}" "${account[@]}" "auth = $mechanism"
  done
  logs_in "$tls" SCRAM-SHA-256 "${account[@]}" 'tls_implicit = yes'
  logs_in "$tls" EXTERNAL 'tls_implicit = yes' "$ann"
  logs_in "$starttls" EXTERNAL "$ann" 'smtp_username = ann@site.example'
  logs_in "$strict" EXTERNAL "$ann"
  logs_in "$strict" PLAIN "${account[@]}" 'auth = plain' "${ann#*$'\n'}"

  account=('smtp_username = ann' 'smtp_password = wrong-horse')
  for mechanism in plain login cram-md5 scram-sha-1 scram-sha-256; do
    is_refused "$starttls" '535 .*; check smtp_username and the password' "${account[@]}" "auth = $mechanism"
  done
  is_refused "$starttls" '535 .*; check smtp_username and tls_cert' "$ben" 'smtp_username = ann@site.example'
  is_refused "$starttls" 'auth = external is configured but localhost offers only PLAIN' "$stranger"
  is_refused "$strict" 'localhost does not accept the certificate in tls_cert' "$stranger"
  is_refused "$strict" 'localhost wants a certificate of the client; set tls_cert' "${account[@]}"
}
