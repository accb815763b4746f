# shellcheck shell=bash
# Programs with which people write mail.

make_patch() {
  git init -q "$work/repo" && cd "$work/repo" || exit 1
  git config user.name 'Anna Example' && git config user.email anna@site.example
  printf 'one\n' >file && git add file && git commit -qm 'First' || exit 1
  printf 'two\n.\n.dots\n' >>file && git commit -qam 'Add two – and dots' || exit 1
  git format-patch -q -1 -o "$work/patches" || exit 1
}

need_git_send_email() {
  need git
  git send-email -h 2>&1 | grep -q -- --smtp-server || { echo '    git send-email does not work here' >&2; exit 77; }
}

# Calls "sendmail -f ENVELOPE -i RECIPIENT...".
case_git_send_email_server() {
  need_git_send_email
  start_sink && configure && make_patch
  run git -c sendemail.smtpServer="$sendmail" -c sendemail.envelopeSender=auto send-email --quiet --confirm=never \
    --from=anna@site.example --to=ben@site.example --cc='Cleo <cleo@other.example>' --bcc=dora@site.example \
    --suppress-cc=all "$work"/patches/*.patch
  arrived anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'To: ben@site.example' && has_text 1 $'+two\n+.\n+.dots\n'
}

# Calls 'sh -c "COMMAND \"$@\""'.
case_git_send_email_command() {
  need_git_send_email
  git send-email -h 2>&1 | grep -q -- --sendmail-cmd || { echo '    this git has no --sendmail-cmd' >&2; exit 77; }
  start_sink && configure && make_patch
  run git send-email --quiet --confirm=never --sendmail-cmd="$sendmail -i" --envelope-sender=bounces@site.example \
    --from=anna@site.example --to=ben@site.example --suppress-cc=all "$work"/patches/*.patch
  arrived bounces@site.example ben@site.example
  has_line 1 'From: anna@site.example' && has_text 1 $'+two\n+.\n+.dots\n'
}

# Calls "sendmail -i -t -f FROM".
case_bsd_mailx() {
  need bsd-mailx
  start_sink && configure
  printf 'set sendmail=%s\n' "$sendmail" >"$work/mailrc"
  MAILRC=$work/mailrc run bsd-mailx -n -r anna@site.example -s 'From bsd-mailx' -c cleo@other.example \
    -b dora@site.example ben@site.example <<<"${text%$'\n'}"
  arrived anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From bsd-mailx' && has_text 1 "$text"
}

# Calls "sendmail -i -f FROM -- RECIPIENT...".
case_s_nail() {
  need s-nail
  start_sink && configure
  run s-nail -:/ -S v15-compat -S mime-encoding=8bit -S mta="file://$sendmail" -S sendwait -S from=anna@site.example \
    -r anna@site.example -s 'From s-nail' -c cleo@other.example -b dora@site.example ben@site.example \
    <<<"${text%$'\n'}"
  arrived anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From s-nail' && has_text 1 "$text"
}

# Both call "sendmail -oem -oi -f FROM -- RECIPIENT...", and with write_bcc they leave the Bcc field to us.
mutt_sends() { # PROGRAM
  start_sink && configure
  run "$1" -n -F /dev/null -e 'set from=anna@site.example use_envelope_from=yes write_bcc=yes copy=no' \
    -s "From $1" -c cleo@other.example -b dora@site.example ben@site.example <<<"${text%$'\n'}"
  arrived anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 "Subject: From $1" && has_text 1 "$text"
}

site_mutt() {
  need mutt
  mutt_sends mutt
}

site_neomutt() {
  need neomutt
  mutt_sends neomutt
}

# Calls "sendmail -oi -f FROM -t".
site_mailutils() {
  need mail.mailutils
  start_sink && configure
  run mail.mailutils --no-config -E 'set nodot' -r anna@site.example -s 'From mailutils' -a 'Cc: cleo@other.example' \
    -a 'Bcc: dora@site.example' ben@site.example <<<"${text%$'\n'}"
  arrived anna@site.example ben@site.example cleo@other.example dora@site.example
  has_line 1 'Subject: From mailutils' && has_text 1 "$text"
}

# Forwards with "sendmail -oi RECIPIENT...".
site_procmail() {
  need procmail
  start_sink && configure
  printf ':0\n! ben@site.example cleo@other.example\n' >"$work/rules"
  run procmail -m SENDMAIL=/usr/sbin/sendmail "$work/rules" \
    <<<"From anna@site.example Thu Jan  1 00:00:00 1970
From: anna@site.example
Subject: through procmail

${text%$'\n'}"
  arrived root@site.example ben@site.example cleo@other.example
  has_line 1 'Subject: through procmail' && has_text 1 "$text"
}

# Answers with "sendmail -f USER -- SENDER"; without -i a line with a dot alone would end the answer.
site_vacation() {
  need vacation
  start_sink && configure
  printf 'From: cleo@site.example\nSubject: away\n\n%s' "$dotless" >"$work/answer"
  run vacation -I -f "$work/database"
  run vacation -j -f "$work/database" -m "$work/answer" root <<<"From anna@site.example Thu Jan  1 00:00:00 1970
From: anna@site.example
To: root@site.example
Subject: are you there?
"
  arrived root@site.example anna@site.example
  has_line 1 'From: cleo@site.example' && has_text 1 "$dotless"
}

# The filter of Dovecot redirects with "sendmail -i -f SENDER -- RECIPIENT", as the user whose mail it is.
site_pigeonhole() {
  need_file /usr/lib/dovecot/modules/lib90_sieve_plugin.so
  start_sink && configure_for_users
  useradd --create-home anna
  cd /home/anna || exit 1
  mkdir Maildir
  cat >dovecot.conf <<'DOVECOT'
log_path = /dev/stderr
ssl = no
first_valid_uid = 100
mail_location = maildir:~/Maildir
hostname = site.example
protocol lda {
  mail_plugins = sieve
}
plugin {
  sieve = file:~/rules.sieve
}
DOVECOT
  echo 'redirect "ben@other.example";' >rules.sieve
  printf 'From: cleo@other.example\nSubject: through Pigeonhole\nMessage-ID: <1@site.example>\n\n%s' "$text" >mail
  chown -R anna .
  run su -s /bin/sh -c '/usr/lib/dovecot/dovecot-lda -c dovecot.conf -f cleo@other.example -a anna@site.example -p mail' \
    - anna
  arrived cleo@other.example ben@other.example
  has_line 1 'Subject: through Pigeonhole' && has_text 1 "$text"
}
