# shellcheck shell=bash
# The same calls through other implementations of mail(1) and through mq-mail. Theirs get an MTA that keeps what it
# is given; see compare-mail.mjs for what must be the same.

compare_with() { # PROGRAM
  need "$1"
  program=$1 calls=0
  start_sink && configure
  printf 'from = anna@site.example\n' >>"$work/mailqueue.conf"
  printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"$MTA_RECORD.argv"\ncat >"$MTA_RECORD.eml"\n' >"$work/mta"
  chmod 755 "$work/mta"
  printf 'set sendmail=%s\n' "$work/mta" >"$work/mailrc"
}

# They look at the locale to know which charset they get; we look at the text.
through_bsd_mailx() { LC_ALL=C.UTF-8 MAILRC=$work/mailrc bsd-mailx -n "$@"; }
through_s_nail() {
  LC_ALL=C.UTF-8 s-nail -:/ -S v15-compat -S fullnames -S sendwait -S "mta=file://$work/mta" "$@"
}

same_mail() { # TEXT ARGUMENT...
  local given=$1
  shift
  calls=$((calls + 1))
  printf '%b' "$given" | MTA_RECORD=$work/theirs.$calls "through_${program//-/_}" "$@" >"$work/out" 2>&1 ||
    { cat "$work/out" >&2; fail "$program $* failed"; }
  printf '%b' "$given" | LC_ALL=C "$root/bin/mq-mail" "$@" || fail "mq-mail $* ended with $?"
  count_is $calls
  node "$root/.ci/compare-mail.mjs" "$work/theirs.$calls" "$work/sink/$calls" || fail "this was: $*"
}

# Both refuse it: theirs with any code, ours with the one that says why.
both_refuse() { # CODE ARGUMENT...
  local code=$1 got=0
  shift
  DEAD=$work/dead "through_${program//-/_}" "$@" <<<hello >"$work/out" 2>&1 && fail "$program $* did not fail"
  "$root/bin/mq-mail" "$@" <<<hello >"$work/out" 2>&1 || got=$?
  [ $got = "$code" ] || { cat "$work/out" >&2; fail "mq-mail $* ended with $got, not $code"; }
  count_is $calls
}

case_same_as_bsd_mailx() {
  compare_with bsd-mailx
  same_mail 'hello\n' -s 'Test subj' ben@site.example
  same_mail 'hello\n' -s'UPS monitor' ben@site.example
  same_mail 'hello\n' -s A -s B ben@site.example
  same_mail 'hello\n' -s '--- report ---' ben@site.example
  same_mail 'h\303\251llo\n' -s 'Grüße aus Köln' ben@site.example
  same_mail 'x\n' ben@site.example
  same_mail 'l1\n.\nl2\n~s other\n' -s S ben@site.example
  same_mail 'a\r\nb\r\n' -s S ben@site.example
  same_mail 'From here\n' -s S ben@site.example
  same_mail 'no line end' -s S ben@site.example
  same_mail 'hello\n' -a 'X-Foo: bar' -a 'X-B: 2' -a 'Reply-To: r@site.example' -s S ben@site.example
  same_mail 'hello\n' -s T -c c1@site.example,c2@site.example -b b1@site.example -b b2@site.example \
    a@site.example,b@site.example 'Bob B <bob@site.example>'
  same_mail 'hello\n' -s S ben@site.example BEN@site.example ben@site.example
  same_mail 'hello\n' -r 'Cleo C <cleo@site.example>' -s S ben@site.example
  same_mail 'hello\n' ben@site.example -s 'options last' -c cleo@site.example
  same_mail 'From: x\nTo: y\nSubject: z\n\nbody\n' -s S ben@site.example
  REPLYTO=r@site.example same_mail 'hello\n' -s S ben@site.example
}

case_same_as_s_nail() {
  compare_with s-nail
  mkdir "$work/files"
  head -c 3000 "$node" >"$work/files/b.png"
  printf 'Gr\303\274\303\237e\n' >"$work/files/u.txt"
  printf '%%PDF-1.4\n\0\r\n' >"$work/files/r.pdf"
  printf 'a;b\r\n' >"$work/files/Übersicht 1.csv"
  same_mail 'hello\n' -s 'Grüße aus Köln' ben@site.example
  same_mail 'hello\n' -s S -a "$work/files/b.png" -a "$work/files/u.txt" ben@site.example
  same_mail 'hello\n' -s S -a "$work/files/r.pdf" -a "$work/files/Übersicht 1.csv" ben@site.example
  same_mail '<b>x</b>\n' -M text/html -s S ben@site.example
  same_mail 'stdin\n' -q "$work/files/u.txt" -s S ben@site.example
  same_mail 'hello\n' -S replyto=r@site.example -s S ben@site.example
  same_mail 'To: ben@site.example\nCc: cleo@site.example\nSubject: T\n\nbody\n' -t
  same_mail 'To: ben@site.example\nSubject: of the text\n\nbody\n' -t -s 'of the call' cleo@site.example
  same_mail 'hello\n' -s S -c cleo@site.example -b dora@site.example 'Bob B <bob@site.example>' ben@site.example
  same_mail 'hello\n' -r 'Cleo C <cleo@site.example>' -s S ben@site.example
  # -m: the end of the name says the type, and a file of ours needs no such end; theirs does not take one without.
  printf '<b>x</b>\n' >"$work/files/p.html"
  printf 'p { }\n' >"$work/files/s.css"
  same_mail '' -m "$work/files/u.txt" -s S ben@site.example
  same_mail '' -m "$work/files/p.html" -s S ben@site.example
  same_mail '' -m "$work/files/s.css" -s S -a "$work/files/b.png" ben@site.example
  # A file that is not there, and one that is a directory: they end with 1 and 4, we with 66.
  both_refuse 66 -s S -a "$work/files/none" ben@site.example
  both_refuse 66 -s S -a "$work/files" ben@site.example
  # A text file that is in no charset they know: they send nothing, we send it byte for byte.
  printf 'bad \377\376 bytes\n' >"$work/files/notes.txt"
  DEAD=$work/dead through_s_nail -s S -a "$work/files/notes.txt" ben@site.example <<<hello >"$work/out" 2>&1 &&
    fail 's-nail takes text that is not UTF-8 by now: compare it'
  "$root/bin/mq-mail" -s S -a "$work/files/notes.txt" ben@site.example <<<hello || fail "mq-mail ended with $?"
  calls=$((calls + 1))
  count_is $calls
  has_line $calls "$(base64 "$work/files/notes.txt")"
}
