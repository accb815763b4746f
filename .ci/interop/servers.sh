# shellcheck shell=bash
# SMTP software of others on the other side, and programs that read the reports that come back.

# The same message through msmtp and through us: the server must see the same envelope and the same body.
case_same_as_msmtp() {
  need msmtp
  start_sink && configure
  printf '%s\n' 'From: anna@site.example' 'To: ben@site.example, "Cleo, C." <cleo@other.example>' 'Cc: (team)' \
    ' dora@site.example' 'Bcc: eva@site.example' 'Date: Mon, 02 Nov 2026 10:00:00 +0000' 'Message-ID: <1@site.example>' \
    'Subject: the same' '' '.' '..' '.dot' 'From here' '' 'end' >"$work/message"
  msmtp --file=/dev/null --host=127.0.0.1 --port="$port" --tls=off --auth=off --from=anna@site.example -t -i \
    <"$work/message" || fail 'msmtp failed'
  "$sendmail" -f anna@site.example -t -i <"$work/message" || fail "mq-sendmail ended with $?"
  local number
  for number in 1 2; do
    envelope_is $number anna@site.example ben@site.example cleo@other.example dora@site.example eva@site.example
    sed '1,/^\r$/d' "$work/sink/$number.eml" >"$work/body.$number"
  done
  cmp "$work/body.1" "$work/body.2" || fail 'the bodies differ'
  has_clean_line_ends 2 && count_is 2
}

# Postfix's own test server: smtp-sink writes one file a message when told -d.
case_postfix_smtp_sink() {
  need smtp-sink
  port=$(free_port)
  configure
  mkdir "$work/dump" && chmod 777 "$work" "$work/dump"
  local privileges=()
  [ "$(id -u)" = 0 ] && privileges=(-u nobody)
  (cd "$work" && exec smtp-sink "${privileges[@]}" -d "$work/dump/%M." "127.0.0.1:$port" 10) &
  servers="$servers $!"
  wait_for_port "$port"
  printf 'From: anna@site.example\nTo: ben@site.example\nSubject: to Postfix\n\n.\nend\n' |
    "$sendmail" -t -i || fail "mq-sendmail ended with $?"
  local dump
  dump=$(find "$work/dump" -type f)
  [ -n "$dump" ] || fail 'smtp-sink wrote no message'
  grep -q '^X-Rcpt-Args: <ben@site.example>' "$dump" || fail 'the recipient is not in the dump'
  grep -q '^Subject: to Postfix' "$dump" || fail 'the subject is not in the dump'
}

takes_connections() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for_port() { wait_until "somebody listens on port $1" takes_connections "$1"; }

# A message to somebody whom the server refuses comes back as a delivery report, in $work/mbox.
make_bounce() {
  start_sink && configure
  printf 'To: nobody@other.example\nSubject: Gr\303\274\303\237e an niemand\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\ntext\n' |
    "$sendmail" -f anna@site.example nobody@other.example 2>"$work/err"
  [ $? = 67 ] || fail 'mq-sendmail did not end with 67 for a refused recipient'
  "$root/bin/mq-run" || fail "mq-run ended with $?"
  envelope_is 1 '' anna@site.example
  { echo 'From MAILER-DAEMON Thu Jan  1 00:00:00 1970'; tr -d '\r' <"$work/sink/1.eml"; echo; } >"$work/mbox"
}

# What mutt shows of $work/mbox after these keys must come to have these texts. Each mutt has a terminal of its own: that of
# the one before may be about to end.
in_mutt() { # KEYS TEXT...
  local keys=$1
  shift
  mkdir -p "$HOME/Mail" # or mutt asks
  mutts=$((${mutts:-0} + 1))
  tmux -L "mq$$.$mutts" -f /dev/null new-session -d -x 120 -y 60 "LC_ALL=C.UTF-8 mutt -n -F /dev/null -R -f '$work/mbox' -e 'set pager_stop=yes; push $keys'"
  (wait_until "mutt shows $*" on_screen "$@") || { in_terminal capture-pane -p >&2; in_terminal kill-server; exit 1; }
  in_terminal kill-server
}

in_terminal() { LC_ALL=C.UTF-8 tmux -u -L "mq$$.$mutts" "$@"; }

on_screen() { # TEXT...
  local screen text
  screen=$(in_terminal capture-pane -p 2>/dev/null) || return
  for text; do
    grep -qF -- "$text" <<<"$screen" || return
  done
}

case_bounce_in_mutt() {
  need mutt tmux
  make_bounce
  in_mutt '<display-message>' Reporting-MTA nobody@other.example '550 5.1.1 no such user'
}

# A mail of mq-mail with umlauts wherever there can be some.
case_mail_in_mutt() {
  need mutt tmux
  start_sink && configure
  printf 'gr\303\274n\n' >"$work/Übersicht für Köln.txt"
  printf '\211PNG\r\n\032\n' >"$work/ein sehr langer Name, der in eine einzige Zeile des Kopfes nicht mehr hineinpasst – ö.png"
  printf 'Guten Tag,\n\nalles gr\303\274n – wirklich.\n' |
    "$root/bin/mq-mail" -r 'Jörg Müller <anna@site.example>' -s 'Grüße aus Köln – und noch viel mehr Wörter, als in eine Zeile passen' \
      -a "$work/Übersicht für Köln.txt" -a "$work"/ein*.png ben@site.example || fail "mq-mail ended with $?"
  arrived anna@site.example ben@site.example
  { echo 'From anna@site.example Thu Jan  1 00:00:00 1970'; tr -d '\r' <"$work/sink/1.eml"; echo; } >"$work/mbox"
  in_mutt '<display-message>' 'alles grün – wirklich.' 'Grüße aus Köln – und noch viel mehr Wörter, als in eine Zeile passen' \
    'Jörg Müller' 'Übersicht für Köln.txt' 'nicht mehr hineinpasst – ö.png'
  in_mutt '<view-attachments>' 'Übersicht für Köln.txt' 'ein sehr langer Name' text/plain image/png
}

case_bounce_in_s_nail() {
  need s-nail
  make_bounce
  printf 'type 1\nquit\n' | s-nail -:/ -R -f "$work/mbox" >"$work/shown" 2>&1
  grep -q '550 5.1.1 no such user' "$work/shown" || { cat "$work/shown" >&2; fail 's-nail does not show the report'; }
}

# Python knows the structure of delivery reports (RFC 3464) and takes them apart.
case_bounce_in_python() {
  need python3
  make_bounce
  python3 - "$work/sink/1.eml" <<'PYTHON' || fail 'Python reads something else'
import email, email.policy, sys
report = email.message_from_file(open(sys.argv[1]), policy=email.policy.default)
assert report.get_content_type() == 'multipart/report', report.get_content_type()
assert report.get_param('report-type') == 'delivery-status'
assert not report.defects, report.defects
words, status, header = report.iter_parts()
message, recipient = status.get_payload()
assert message['Reporting-MTA'].startswith('dns;'), message.as_string()
assert recipient['Final-Recipient'].replace(' ', '') == 'rfc822;nobody@other.example', recipient.as_string()
assert recipient['Action'] == 'failed' and recipient['Status'] == '5.1.1', recipient.as_string()
assert header.get_content_type() == 'text/rfc822-headers'
PYTHON
}

# Nobody listens: the mail is queued and the caller sees success; then the server comes back and mq-run delivers.
case_queue_and_run() {
  port=$(free_port)
  configure
  printf 'To: ben@site.example\nSubject: later\n\ntext\n' | "$sendmail" -f anna@site.example -t ||
    fail "mq-sendmail ended with $? although it could queue"
  "$root/bin/mq-run" --all >"$work/out" 2>&1
  [ $? = 75 ] || fail 'mq-run did not end with 75 although the server is down'
  start_sink "$port"
  "$root/bin/mq-run" --all >"$work/out" 2>&1 || { cat "$work/out" >&2; fail "mq-run failed"; }
  envelope_is 1 anna@site.example ben@site.example
  has_line 1 'Subject: later' && count_is 1
  grep -q ' anna@site.example => ben@site.example <' "$work/delivery.log" || fail 'delivery_log has no line'
  "$root/bin/mq-run" --all >"$work/out" 2>&1 || fail 'mq-run failed on an empty queue'
  count_is 1
}
