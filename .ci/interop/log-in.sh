# shellcheck shell=bash
# What the cases with logins at servers of others have in common: certificates, an account that logs in, and what has to
# come of it. They set password, messages (how many have arrived) and server_log.

# Unpacks a mail server that callers.sh has fetched. Only for sites.
unpack_server() { # PACKAGE
  local deb
  for deb in "${callers%/root}/servers/$1"_*.deb; do
    need_file "$deb"
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C / --wildcards './?*' || fail "$1 cannot be unpacked"
  done
  hash -r
}

# An authority and a certificate for localhost, in $work.
make_certificates() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days 2 -subj '/CN=test authority' &&
    openssl req -newkey rsa:2048 -nodes -keyout "$work/tls.key" -out "$work/tls.csr" -subj '/CN=localhost' &&
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.46\n' >"$work/tls.ext" &&
    openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
      -extfile "$work/tls.ext" -out "$work/tls.pem"
}

# A client's certificate by the same authority, NAME.pem and NAME.key.
make_client() { # NAME ADDRESS
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" -subj "/CN=$1" &&
    printf 'subjectAltName=email:%s\n' "$2" >"$work/$1.ext" &&
    openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
      -extfile "$work/$1.ext" -out "$work/$1.pem"
}

# One that only its owner has signed, whatever is in it.
make_stranger() { # ADDRESS
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/stranger.key" \
    -out "$work/stranger.pem" -days 2 -subj '/CN=stranger' -addext "subjectAltName=email:$1"
}

# The port 465 is that of a loopback address that nobody else uses.
log_in_with() { # PORT OPTION...
  local at=$1 host=localhost
  [ "$at" = 465 ] && host=127.0.0.46
  shift
  {
    printf '[mailqueue]\nsmtp_hostname = %s\nsmtp_port = %s\ntls_ca = %s\n' "$host" "$at" "$work/ca.pem"
    printf 'queue_dir = %s\nfrom = anna@site.example\nsmtp_timeout = 20\n' "$work/queue"
    printf '%s\n' "$@"
  } >"$work/mailqueue.conf"
  chmod 600 "$work/mailqueue.conf"
}

by_certificate() { printf '%s\n' 'auth = external' "tls_cert = $work/$1.pem" "tls_key = $work/$1.key"; } # NAME

# Waits until the server offers a login.
wait_for_login() { # PORT MECHANISM OPTION...
  log_in_with "$1" "${@:3}"
  (wait_until "there is a login by $2" offers_login "$2") || { tail -n 40 "$server_log" >&2; exit 1; }
}

offers_login() { # MECHANISM
  "$sendmail" -C "$work/mailqueue.conf" --serverinfo 2>/dev/null | grep -q "AUTH.*$1"
}

# One login: it works, by this mechanism, and the message arrives.
logs_in() { # PORT MECHANISM OPTION...
  local at=$1 mechanism=$2
  shift 2
  log_in_with "$at" "$@"
  "$root/bin/mq-send-test" -C "$work/mailqueue.conf" -v --to=ben@site.example >"$work/out" 2>&1 ||
    { cat "$work/out" >&2; tail -n 40 "$server_log" >&2; fail "no login by $mechanism"; }
  grep -q "C: AUTH $mechanism\b" "$work/out" || { cat "$work/out" >&2; fail "the login was not by $mechanism"; }
  grep -qF "$password" "$work/out" && fail 'the password is in the dialogue'
  messages=$((messages + 1))
  wait_for "$work/sink/$messages.env"
}

# One that is refused: the mail is in the queue, once, and the log has the words, and not the password.
is_refused() { # PORT WORDS OPTION...
  local at=$1 words=$2 secret
  shift 2
  rm -rf "$work/queue" "$work/log"
  log_in_with "$at" "log = $work/log" "$@"
  printf 'To: ben@site.example\n\ntext\n' | "$sendmail" -C "$work/mailqueue.conf" -t 2>"$work/err" ||
    { cat "$work/err" >&2; fail 'the mail was not queued'; }
  [ "$(find "$work/queue/new" "$work/queue/cur" -type f | wc -l)" = 1 ] || fail 'the mail is not in the queue once'
  grep -q "$words" "$work/log" || { cat "$work/log" >&2; tail -n 40 "$server_log" >&2; fail "not the words: $words"; }
  for secret in wrong-horse "$(printf wrong-horse | base64)" "$(printf '\0ann\0wrong-horse' | base64)"; do
    grep -qF "$secret" "$work/log" "$work/err" && fail 'the password is in the log'
  done
  count_is $messages
}
