# shellcheck shell=bash
# Signatures are verified by software of others: python3-dkim of Debian, which gets the public key from us.

dkim_python=/usr/bin/python3

# Verifies every message in $work/sink; each has exactly this many signatures, and all of them are good.
verify_signatures() { # DNS-RECORD COUNT
  "$dkim_python" - "$1" "$2" "$work"/sink/[0-9]*.eml <<'PYTHON' || fail 'a signature is not good'
import sys, dkim
record, count, *files = sys.argv[1:]
bad = 0
for name in files:
    message = open(name, 'rb').read()
    found = message.split(b'\r\n\r\n', 1)[0].lower().count(b'dkim-signature:')
    verifier = dkim.DKIM(message)
    good = all(verifier.verify(index, dnsfunc=lambda name, timeout=5: record.encode()) for index in range(found))
    if found != int(count) or not good:
        print(name, found, good)
        bad = 1
sys.exit(bad)
PYTHON
}

configure_dkim() { # openssl genpkey options
  start_sink && configure
  openssl genpkey "$@" -out "$work/key.pem" 2>/dev/null && chmod 600 "$work/key.pem"
  printf 'dkim_domain = site.example\ndkim_selector = sel\ndkim_key = %s\n' "$work/key.pem" >>"$work/mailqueue.conf"
}

rsa_record() { echo "v=DKIM1; k=rsa; p=$(openssl pkey -in "$work/key.pem" -pubout -outform der | openssl base64 -A)"; }
ed25519_record() { # the last 32 octets are the key
  echo "v=DKIM1; k=ed25519; p=$(openssl pkey -in "$work/key.pem" -pubout -outform der | tail -c 32 | openssl base64 -A)"
}

# One message for each body that has been trouble to somebody.
send_odd_messages() {
  local head='From: Anna <anna@site.example>\nTo: ben@other.example\nSubject: odd\n'
  local body
  for body in '' '\n' '\n\n\n' 'text' 'text\n\n\n' ' \t blanks \t \n\t\n \n' '.\n..\n.dot\n' 'gr\303\274\303\237e\n' \
    'From here\n' "$(printf 'x%.0s' {1..3000})\n" 'a\rb\r\n' '\376\377 no text\n'; do
    printf "$head\n$body" | "$sendmail" -i ben@other.example || fail "mq-sendmail ended with $?"
  done
  printf "${head}X-Long: $(printf 'word %.0s' {1..400})\nCc: $(printf 'cleo@other.example, %.0s' {1..200})\n" |
    "$sendmail" -i ben@other.example || fail "mq-sendmail ended with $?"
  printf "From: =?utf-8?q?J=C3=B6rg?= <joerg@sub.SITE.example>\nSubject: gr\303\274\303\237e\n\tund mehr\n \nX: \n\ntext\n" |
    "$sendmail" -i ben@other.example || fail "mq-sendmail ended with $?"
  printf 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\npre\n--b\nContent-Type: text/plain\n\n\303\274\n--b--\n' |
    "$sendmail" -i -f anna@site.example ben@other.example || fail "mq-sendmail ended with $?"
}

case_dkim_rsa() {
  need "$dkim_python" openssl
  need_file /usr/lib/python3/dist-packages/dkim
  configure_dkim -algorithm RSA -pkeyopt rsa_keygen_bits:2048
  send_odd_messages
  count_is 15
  verify_signatures "$(rsa_record)" 1
}

case_dkim_ed25519() {
  need "$dkim_python" openssl
  need_file /usr/lib/python3/dist-packages/dkim
  need_file /usr/lib/python3/dist-packages/nacl
  configure_dkim -algorithm ed25519
  send_odd_messages
  verify_signatures "$(ed25519_record)" 1
}

# Through the queue, by mail, in a session, a large one, and a report of ours.
case_dkim_all_ways() {
  need "$dkim_python" openssl
  need_file /usr/lib/python3/dist-packages/dkim
  configure_dkim -algorithm RSA -pkeyopt rsa_keygen_bits:2048
  printf 'Subject: queued\n\ngr\303\274n\n' | "$sendmail" -odq -f anna@site.example ben@other.example ||
    fail "mq-sendmail ended with $?"
  "$root/bin/mq-run" || fail "mq-run ended with $?"
  echo text | "$root/bin/mq-mail" -r anna@site.example -s mail ben@other.example || fail "mq-mail ended with $?"
  printf 'EHLO x\r\nMAIL FROM:<anna@site.example>\r\nRCPT TO:<ben@other.example>\r\nDATA\r\nSubject: s\r\n\r\n..\r\n.\r\nQUIT\r\n' |
    "$sendmail" -bs >"$work/session" || fail "the session ended with $?"
  "$root/bin/mq-send-test" --from anna@site.example --to ben@other.example >"$work/out" ||
    fail "mq-send-test ended with $?"
  { printf 'Subject: large\n\n'; head -c 3000000 /dev/zero | tr '\0' '\n'; seq 1 300000; } |
    "$sendmail" -f anna@site.example ben@other.example || fail "mq-sendmail ended with $?"
  printf 'To: nobody@other.example\n\ntext\n' | "$sendmail" -f anna@site.example nobody@other.example 2>"$work/err"
  "$root/bin/mq-run" || fail "mq-run ended with $?"
  count_is 6
  grep -q '^From: .*MAILER-DAEMON@site.example' "$work/sink/6.eml" || { show 6; fail 'the report is not there'; }
  verify_signatures "$(rsa_record)" 1
}
