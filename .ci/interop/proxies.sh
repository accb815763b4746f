# shellcheck shell=bash
# Proxies of others between us and the server: microsocks for SOCKS5, tinyproxy for HTTP.

hand_in() { # SUBJECT
  printf 'From: anna@site.example\nTo: ben@site.example\nSubject: %s\n\nthrough a proxy\n' "$1" |
    "$sendmail" -f anna@site.example ben@site.example 2>"$work/err" || fail "mq-sendmail ended with $?: $(cat "$work/err")"
}

queued_is() { # NUMBER
  local found
  found=$("$root/bin/mq-queue" list --json | grep -c .)
  [ "$found" = "$1" ] || fail "$found messages are queued instead of $1"
}

# The proxy with this address, instead of the one before.
through() { sed -i '/^proxy/d' "$work/mailqueue.conf" && echo "proxy = $1" >>"$work/mailqueue.conf"; }

# The same for both: a wrong password keeps the mail, the right one sends it, and the name is looked up by the proxy.
try_proxy() { # SCHEME PORT
  configure
  sed -i 's/^smtp_hostname.*/smtp_hostname = localhost/' "$work/mailqueue.conf"
  through "$1://user:wrong@127.0.0.1:$2"
  hand_in first
  queued_is 1
  [ ! -e "$work/sink/1.env" ] || fail 'the mail passed a proxy that wants another password'
  "$root/bin/mq-queue" check 2>&1 | grep -q hunter22 && fail 'the password of the proxy is shown'
  through "$1://user:hunter22@127.0.0.1:$2"
  "$root/bin/mq-run" --all || fail "mq-run ended with $?"
  queued_is 0
  hand_in second
  envelope_is 1 anna@site.example ben@site.example
  envelope_is 2 anna@site.example ben@site.example
  has_clean_line_ends 2 && count_is 2
}

case_microsocks() {
  need microsocks
  start_sink
  local socks
  socks=$(free_port)
  microsocks -i 127.0.0.1 -p "$socks" -u user -P hunter22 2>/dev/null &
  servers="$servers $!"
  wait_for_port "$socks"
  try_proxy socks5 "$socks"
}

# msmtp names its proxy with the same options.
case_microsocks_like_msmtp() {
  need microsocks msmtp
  start_sink && configure
  local socks message number
  socks=$(free_port)
  microsocks -i 127.0.0.1 -p "$socks" 2>/dev/null &
  servers="$servers $!"
  wait_for_port "$socks"
  message=$(printf 'From: anna@site.example\nTo: ben@site.example\nSubject: the same\n\ntext')
  local options=(--host=localhost "--port=$port" --proxy-host=127.0.0.1 "--proxy-port=$socks" --tls=off -f anna@site.example)
  msmtp --auth=off "${options[@]}" ben@site.example <<<"$message" || fail "msmtp ended with $?"
  "$sendmail" "${options[@]}" ben@site.example <<<"$message" || fail "mq-sendmail ended with $?"
  for number in 1 2; do envelope_is $number anna@site.example ben@site.example; done
  count_is 2
}

case_tinyproxy() {
  need tinyproxy
  start_sink
  local http
  http=$(free_port)
  printf '%s\n' "Port $http" 'Listen 127.0.0.1' 'Allow 127.0.0.1' "ConnectPort $port" 'BasicAuth user hunter22' \
    'LogLevel Error' >"$work/tinyproxy.conf"
  tinyproxy -d -c "$work/tinyproxy.conf" >/dev/null 2>&1 &
  servers="$servers $!"
  wait_for_port "$http"
  try_proxy http "$http"
}

# A proxy that lets nobody through to this port.
case_tinyproxy_refuses() {
  need tinyproxy
  start_sink
  local http
  http=$(free_port)
  printf '%s\n' "Port $http" 'Listen 127.0.0.1' 'Allow 127.0.0.1' 'ConnectPort 563' 'LogLevel Error' >"$work/tinyproxy.conf"
  tinyproxy -d -c "$work/tinyproxy.conf" >/dev/null 2>&1 &
  servers="$servers $!"
  wait_for_port "$http"
  configure
  through "http://127.0.0.1:$http"
  hand_in refused
  queued_is 1
  "$root/bin/mq-run" --all --verbose 2>"$work/err" && fail 'mq-run is content'
  grep -q "through the proxy http://127.0.0.1:$http: it answered 403" "$work/err" || fail "the reason is not told: $(cat "$work/err")"
  queued_is 1
}
