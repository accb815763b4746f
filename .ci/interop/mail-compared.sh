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
}
