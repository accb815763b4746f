# shellcheck shell=bash
# Programs that run jobs and mail what a job prints. Their daemons run on a site and end with it.

print_text="printf '%s' '$text'"

# cron starts the jobs for @reboot at once; any other would have to wait for the next minute. It mails by
# "sendmail -FCronDaemon -i -B8BITMIME -oem USER", as the user whose job it is, and looks for /usr/lib/sendmail before.
cron_mails() { # USER
  printf '#!/bin/sh\n%s\n' "$print_text" >/usr/local/bin/job && chmod 755 /usr/local/bin/job
  mkdir -p /var/spool/cron/crontabs
  printf 'MAILTO=ben@other.example\n@reboot /usr/local/bin/job\n' | crontab -u "$1" - || fail 'crontab failed'
  cron -f &
  arrived "$1@site.example" ben@other.example
  has_line 1 "From: root@site.example (Cron Daemon)" && has_line 1 'To: ben@other.example' && has_text 1 "$text"
}

site_cron() {
  need cron crontab
  start_sink && configure
  cron_mails root
}

site_cron_user() {
  need cron crontab
  start_sink && configure_for_users
  useradd --create-home anna
  cron_mails anna
}

# Calls "sendmail -FAnacron -odi USER": a line with a dot alone ends the message.
site_anacron() {
  need anacron
  start_sink && configure
  printf '#!/bin/sh\n%s\n' "printf '%s' '$dotless'" >"$work/job" && chmod 755 "$work/job"
  printf 'SHELL=/bin/sh\nMAILTO=ben@other.example\n1 0 job.daily %s\n' "$work/job" >"$work/anacrontab"
  mkdir "$work/spool"
  run anacron -d -f -n -t "$work/anacrontab" -S "$work/spool"
  arrived root@site.example ben@other.example
  has_line 1 'To: ben@other.example' && has_text 1 "$dotless"
}

# atd calls "sendmail -i USER" as the user whose job it is.
site_at() {
  need at atd
  start_sink && configure_for_users
  useradd --create-home anna
  mkdir -p /var/spool/cron/atjobs /var/spool/cron/atspool
  echo 0 >/var/spool/cron/atjobs/.SEQ
  chown -R daemon:daemon /var/spool/cron/atjobs /var/spool/cron/atspool
  chmod 1770 /var/spool/cron/atjobs /var/spool/cron/atspool && chmod 600 /var/spool/cron/atjobs/.SEQ
  atd -f &
  wait_for /run/atd.pid
  run su -s /bin/sh -c 'at -m now' anna <<<"$print_text"
  arrived anna@site.example anna@site.example
  has_text 1 "$text"
}

# It mails what systemctl says of a failed unit; no systemd runs here, so somebody else says it.
# It calls "sendmail -i -B8BITMIME USER".
site_systemd_cron() {
  need_file /usr/lib/systemd-cron/mail_on_failure
  start_sink && configure
  cat >/usr/local/bin/systemctl <<SYSTEMCTL
#!/bin/sh
case "\$1 \$3" in
  'show --property=User') echo User=root ;;
  'show --property=Environment') echo 'Environment=MAILTO=ben@other.example MAILFROM=cron' ;;
  *) $print_text; exit 3 ;;
esac
SYSTEMCTL
  chmod 755 /usr/local/bin/systemctl
  run /usr/lib/systemd-cron/mail_on_failure cron-job.service
  arrived root@site.example ben@other.example
  has_line 1 'From: cron@site.example (systemd-cron)' && has_text 1 "$text"
}
