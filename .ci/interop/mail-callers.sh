# shellcheck shell=bash
# Programs that call mail(1), on a site where mq-mail is /usr/bin/mail, /usr/bin/mailx and Mail. What they want to
# know from programs that are not here, such as a database, somebody else says.

with_mail() {
  local name
  start_sink && configure
  for name in mail mailx Mail; do
    ln -sfn "$root/bin/mq-mail" "/usr/bin/$name" || exit 1
  done
  hash -r
}

# A program that a case makes up, found before those of the machine.
make_program() { # NAME LINE...
  local file=/usr/local/bin/$1
  shift
  printf '%s\n' '#!/bin/sh' "$@" >"$file" && chmod 755 "$file"
}

# A text is there, wherever its line begins and ends; encoded words and quoted-printable are not looked into.
mentions() { # N TEXT
  tr -d '\r' <"$work/sink/$1.eml" | grep -qF -- "$2" || { show "$1"; fail "the message does not say \"$2\""; }
}

subject_is() { # N SUBJECT
  node -e '
    const [file, wanted] = process.argv.slice(1)
    const header = require("fs").readFileSync(file, "latin1").split("\r\n\r\n")[0].replaceAll("\r\n ", " ")
    const subject = /^Subject: (.*)$/m.exec(header.replaceAll("\r", ""))?.[1]
    if (subject !== wanted) { console.error("    the subject is " + subject); process.exit(1) }
  ' "$work/sink/$1.eml" "$2" || exit 1
}

# ---- watching ----------------------------------------------------------------------------------------------------

# Runs "mail -s SUBJECT ADDRESS...".
site_mail_smartd() {
  need_file /usr/share/smartmontools/smartd_warning.sh
  with_mail
  SMARTD_MAILER= SMARTD_ADDRESS='ben@other.example root' SMARTD_FAILTYPE=EmailTest \
    SMARTD_MESSAGE='TEST EMAIL from smartd' SMARTD_DEVICEINFO='a disk' SMARTD_TFIRST='' SMARTD_PREVCNT=0 \
    SMARTD_NEXTDAYS='' run /usr/share/smartmontools/smartd_warning.sh
  arrived root@site.example ben@other.example root@site.example
  has_line 1 'TEST EMAIL from smartd' && has_line 1 "For details see host's SYSLOG."
}

# Runs "/usr/bin/mail -s SUBJECT ADDRESS", whatever SMARTD_MAILER is otherwise.
site_mail_smartd_runner() {
  need_file /usr/share/smartmontools/smartd-runner
  with_mail
  SMARTD_MAILER=/usr/share/smartmontools/smartd-runner SMARTD_ADDRESS=ben@other.example SMARTD_FAILTYPE=EmailTest \
    SMARTD_MESSAGE='TEST EMAIL from smartd' SMARTD_DEVICEINFO='a disk' SMARTD_TFIRST='' SMARTD_PREVCNT=0 \
    SMARTD_NEXTDAYS='' run /usr/share/smartmontools/smartd_warning.sh
  arrived root@site.example ben@other.example
  has_line 1 'TEST EMAIL from smartd'
}

# The real server. Its actions run "mail -E 'set escape' -s SUBJECT DEST".
site_mail_fail2ban() {
  need fail2ban-server fail2ban-client
  with_mail
  mkdir -p "$work/log" /var/run/fail2ban
  echo 'Nov  2 10:00:00 site sshd[1]: Failed password for root from 192.0.2.1 port 1 ssh2' >"$work/log/auth"
  rm -rf /etc/fail2ban/jail.d
  cat >/etc/fail2ban/jail.local <<JAIL
[site]
enabled = true
backend = polling
filter = sshd
logpath = $work/log/auth
action = mail[name=site, dest=root]
         mail-whois-lines[name=site, dest="ben@other.example", logpath=$work/log/auth]
JAIL
  run fail2ban-client -s "$work/socket" -p "$work/pid" --loglevel INFO --logtarget "$work/log/fail2ban" start
  run fail2ban-client -s "$work/socket" set site banip 192.0.2.1
  wait_for "$work/sink/4.env"
  local number to
  for number in 1 2 3 4; do
    to=root@site.example
    grep -q ben@ "$work/sink/$number.env" && to=ben@other.example
    envelope_is $number root@site.example "$to" && has_clean_line_ends $number
    has_line $number Fail2Ban
    grep -q '^Subject: \[Fail2Ban\] site: ' "$work/sink/$number.eml" || { show $number; fail 'the subject is another one'; }
  done
  cat "$work"/sink/*.eml >"$work/all"
  [ "$(grep -c '^To: root@site.example' "$work/all")" = 2 ] || { cat "$work/all" >&2; fail 'root did not get two mails'; }
  grep -q 'Failed password for root from 192.0.2.1' "$work/all" || fail 'the lines of the log are missing'
  count_is 4
}

# Runs "/usr/bin/mail -r FROM -s SUBJECT TO" where there is no sendmail.
site_mail_unattended_upgrades() {
  need unattended-upgrade
  /usr/bin/python3 -c 'import apt, distro_info' 2>/dev/null ||
    { echo '    python3-apt or python3-distro-info is not installed' >&2; exit 77; }
  with_mail
  rm /usr/sbin/sendmail
  run /usr/bin/python3 - "$text" <<'PYTHON'
import sys
from io import StringIO
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
loader = SourceFileLoader('unattended_upgrade', '/usr/bin/unattended-upgrade')
program = module_from_spec(spec_from_loader(loader.name, loader))
loader.exec_module(program)
program.apt_pkg.init()
program.apt_pkg.config.set('Unattended-Upgrade::Mail', 'ben@other.example')
program.apt_pkg.config.set('Unattended-Upgrade::MailReport', 'always')
program.send_summary_mail(
    ['a-package'], True, 'All upgrades installed', program.KeptPkgs(set), [], [], StringIO('\n' + sys.argv[1]), '')
PYTHON
  arrived root@site.example ben@other.example
  has_line 1 'To: ben@other.example' && has_text 1 "$text"
}

apticron_mails() {
  rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists
  mkdir -p /var/lib/apt/lists/partial
  printf 'EMAIL="ben@other.example root"\nNOTIFY_NO_UPDATES=1\nCUSTOM_FROM=apticron@site.example\n' >/etc/apticron/apticron.conf
  run apticron
  arrived apticron@site.example ben@other.example root@site.example
  has_line 1 'From: apticron@site.example'
  [ "$(grep -ci '^content-type:' "$work/sink/1.eml")" = 1 ] || { show 1; fail 'there is not one Content-Type'; }
}

# Runs 'mailx -a "MIME-Version: 1.0" -a "Content-type: ..." -a "From: FROM" -s SUBJECT ADDRESS...'.
site_mail_apticron() {
  need apticron
  with_mail
  apticron_mails
}

# Runs "mailx -S ttycharset=utf-8 -r FROM -s SUBJECT ADDRESS..." where mailx is s-nail, or is called so.
site_mail_apticron_s_nail() {
  need apticron
  with_mail
  rm -f /usr/bin/s-nail
  printf '#!/bin/sh\nexec mail "$@"\n' >/usr/bin/s-nail && chmod 755 /usr/bin/s-nail
  ln -sfn s-nail /usr/bin/mailx
  apticron_mails
}

# Runs mail -s "$SUBJECT" "$MAILTO", which may be several addresses.
site_mail_chkrootkit() {
  need chkrootkit chkrootkit-daily
  with_mail
  mkdir -p /var/log/chkrootkit
  printf 'RUN_DAILY_OPTS=ls\nMAILTO="anna@site.example ben@other.example"\nSUBJECT="[chkrootkit] alert for site"\n' \
    >>/etc/chkrootkit/chkrootkit.conf
  run chkrootkit-daily
  arrived root@site.example anna@site.example ben@other.example
  has_line 1 'Subject: [chkrootkit] alert for site' && has_line 1 '--- [ END: cat /var/log/chkrootkit/log.today ] ---'
}

# Runs mail -s "Relogin or restarts on host ... required!" USER, through fold.
site_mail_needrestart() {
  need_file /etc/needrestart/notify.d/600-mail
  need gettext.sh
  with_mail
  sed -i "s/^NR_NOTIFYD_DISABLE_MAIL=.*/NR_NOTIFYD_DISABLE_MAIL=0/" /etc/needrestart/notify.conf
  NR_USERNAME=root NR_SESSION='session 1' NR_SESSPPID=$$ run /etc/needrestart/notify.d/600-mail <<<$'sshd[1]\nbash[2]'
  arrived root@site.example root@site.example
  subject_is 1 "Relogin or restarts on host $(hostname) required!"
  has_line 1 'sshd[1]' && has_line 1 'bash[2]'
}

# Runs mail -s "[rkhunter] Warnings found for HOST" ADDRESS....
site_mail_rkhunter() {
  need rkhunter
  with_mail
  mkdir -p /var/lib/rkhunter/tmp /var/lib/rkhunter/db /var/log
  printf 'MAIL-ON-WARNING=root ben@other.example\n' >/etc/rkhunter.conf.local
  # it ends with 1 when it warns
  rkhunter --check --cronjob --report-warnings-only --enable group_changes >"$work/out" 2>&1
  [ -e "$work/sink/1.env" ] || { cat "$work/out" >&2; fail 'rkhunter sent nothing'; }
  arrived root@site.example root@site.example ben@other.example
  grep -q '^Subject: \[rkhunter\] Warnings found for ' "$work/sink/1.eml" || { show 1; fail 'the subject is another one'; }
}

# Runs mail -s SUBJECT -a "From: FROM" ADDRESS on Debian, and with -r FROM elsewhere.
site_mail_icinga2() {
  need_file /etc/icinga2/scripts/mail-host-notification.sh
  with_mail
  local system
  for system in Debian another; do
    [ $system = Debian ] || rm /etc/debian_version
    run /etc/icinga2/scripts/mail-host-notification.sh -4 192.0.2.1 -d '2026-11-02 10:00' -l gw -n 'Gateway' \
      -o 'PING CRITICAL - 100% loss' -r ben@other.example -s DOWN -t PROBLEM -f 'Icinga <icinga@site.example>'
  done
  local number
  for number in 1 2; do
    envelope_is $number icinga@site.example ben@other.example
    has_clean_line_ends $number && has_line $number 'From: Icinga <icinga@site.example>'
    mentions $number 'PING CRITICAL - 100% loss'
    subject_is $number '[PROBLEM] Host Gateway is DOWN!'
  done
  count_is 2
}

# Nagios puts values into this command and has a shell run it: /usr/bin/mail -s "** ... **" ADDRESS.
site_mail_nagios() {
  need_file /etc/nagios4/objects/commands.cfg
  with_mail
  local command
  command=$(sed -n '/notify-host-by-email/,/}/s/^ *command_line *//p' /etc/nagios4/objects/commands.cfg |
    sed 's/\$NOTIFICATIONTYPE\$/PROBLEM/g; s/\$HOSTNAME\$/gw/g; s/\$HOSTSTATE\$/DOWN/g; s/\$CONTACTEMAIL\$/ben@other.example/g
      s/\$HOSTOUTPUT\$/PING CRITICAL/g; s/\$[A-Z]*\$/-/g')
  run sh -c "$command"
  arrived root@site.example ben@other.example
  subject_is 1 '** PROBLEM Host Alert: gw is DOWN **'
  has_line 1 'Info: PING CRITICAL'
}

# Runs mail -s "$EMAIL_SUBJ" "$EMAIL_RCPT".
site_mail_integrit() {
  need integrit
  with_mail
  mkdir -p "$work/tree" /var/lib/integrit
  echo one >"$work/tree/file"
  printf 'root=%s\nknown=%s\ncurrent=%s\n' "$work/tree" "$work/known.cdb" "$work/current.cdb" >"$work/integrit.conf"
  printf 'CONFIGS=%s\nEMAIL_RCPT=root\nEMAIL_SUBJ="[integrit] report"\nALWAYS_EMAIL=true\n' "$work/integrit.conf" \
    >/etc/integrit/integrit.debian.conf
  run "$callers/etc/cron.daily/integrit"
  arrived root@site.example root@site.example
  has_line 1 'Subject: [integrit] report' && has_line 1 'exit: 0'
}

# Runs mail -s "HOST arpwatch report" ADDRESS.
site_mail_arpwatch() {
  need_file /usr/share/doc/arpwatch/examples/bihourly.sh
  with_mail
  mkdir -p /var/lib/arpwatch && echo router >/var/lib/arpwatch/list && echo name >/var/lib/arpwatch/cname
  make_program arpfetch 'echo a table'
  make_program arpsnmp 'echo new station: 192.0.2.1'
  # it copies its files to a place that is not here
  sh /usr/share/doc/arpwatch/examples/bihourly.sh >"$work/out" 2>&1
  rm -f /tmp/bihourly.lock
  arrived root@site.example arpwatch-reports@noname.lbl.gov
  subject_is 1 "$(hostname) arpwatch report"
  has_line 1 'new station: 192.0.2.1'
}

# Runs /usr/bin/mail -s "System fault!" ADDRESS, and ends with the number of the fault.
site_mail_watchdog() {
  need_file /usr/share/doc/watchdog/examples/repair.sh
  with_mail
  /usr/share/doc/watchdog/examples/repair.sh 5 >"$work/out" 2>&1
  [ $? = 5 ] || { cat "$work/out" >&2; fail 'repair.sh ended with another code'; }
  arrived root@site.example root@site.example
  has_line 1 'Subject: System fault!' && has_line 1 "$(hostname) is going down because of error 5"
}

# Runs "Mail -s SUBJECT ADDRESS" in a shell that it writes for it.
site_mail_pcp() {
  need_file /usr/lib/pcp/bin/pmie_email
  need_file /etc/pcp.conf
  with_mail
  PCP_AWK_PROG=awk run /usr/lib/pcp/bin/pmie_email 'ben@other.example|High load|load is 12|on site'
  arrived root@site.example ben@other.example
  has_line 1 'Subject: pmie alert: High load' && has_line 1 'load is 12' && has_line 1 'on site'
}

# ---- power -------------------------------------------------------------------------------------------------------

# Runs mail -s"UPS monitor" ADDRESS.
site_mail_nut() {
  need upssched-cmd
  with_mail
  # it then makes a file in a directory that is not here
  upssched-cmd onbattwarn >"$work/out" 2>&1
  arrived root@site.example bofh@pager.example.com
  has_line 1 'Subject: UPS monitor' && has_line 1 'The UPS has been on battery for awhile'
}

# Runs mail -s "$MSG" $SYSADMIN.
site_mail_apcupsd() {
  need_file /etc/apcupsd/apccontrol
  with_mail
  run /etc/apcupsd/apccontrol onbattery ups 1 1
  run /etc/apcupsd/apccontrol changeme ups 1 1
  local number
  for number in 1 2; do
    envelope_is $number root@site.example root@site.example && has_clean_line_ends $number
  done
  subject_is 1 "$(hostname) UPS ups Power Failure !!!" && count_is 2
}

# ---- mail servers and clusters -----------------------------------------------------------------------------------

# Runs mail -s"HOST Daily e-mail activity report" ADDRESS.
site_mail_exim() {
  need eximstats
  need_file "$callers/etc/cron.daily/exim4-base"
  with_mail
  mkdir -p /var/log/exim4 /var/spool/exim4/db /usr/lib/exim4
  # it asks exim for two words
  printf '#!/bin/sh\ncase $1 in -bP) echo spool_directory = /var/spool/exim4 ;; -be) echo mx.site.example ;; esac\n' \
    >/usr/lib/exim4/exim4
  chmod 755 /usr/lib/exim4/exim4
  ln -sf /usr/lib/exim4/exim4 /usr/sbin/exim4
  echo '2026-11-02 10:00:00 1abcde-000001-AA <= a@site.example U=root P=local S=500' >/var/log/exim4/mainlog
  printf 'E4BCD_DAILY_REPORT_TO="root ben@other.example"\nE4BCD_WATCH_PANICLOG=no\n' >/etc/default/exim4
  run "$callers/etc/cron.daily/exim4-base"
  arrived root@site.example root@site.example ben@other.example
  has_line 1 'Subject: mx.site.example Daily e-mail activity report' && has_line 1 'Grand total summary'
}

# Runs mail -s "$1" "$email", with all addresses in one argument.
site_mail_pacemaker() {
  need_file /usr/lib/ocf/resource.d/heartbeat/MailTo
  with_mail
  mkdir -p /run/resource-agents
  OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE=notice OCF_RESKEY_email='root, ben@other.example' \
    OCF_RESKEY_subject='[site]' run /usr/lib/ocf/resource.d/heartbeat/MailTo start
  OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE=notice OCF_RESKEY_email='anna@site.example ben@other.example' \
    OCF_RESKEY_subject='[site]' run /usr/lib/ocf/resource.d/heartbeat/MailTo stop
  envelope_is 1 root@site.example root@site.example ben@other.example
  envelope_is 2 root@site.example anna@site.example ben@other.example
  mentions 1 'Takeover in progress' && mentions 2 'Migrating resource away' && count_is 2
}

# Runs mail -s "$SUBJECT" $RECIPIENT.
site_mail_drbd() {
  need_file /usr/lib/drbd/notify.sh
  with_mail
  ln -sf notify.sh /usr/lib/drbd/notify-split-brain.sh
  DRBD_RESOURCE=r0 DRBD_PEER=peer DRBD_MINOR=0 run bash /usr/lib/drbd/notify-split-brain.sh ben@other.example
  arrived root@site.example ben@other.example
  grep -q '^Subject: DRBD split brain on resource r0' "$work/sink/1.eml" || { show 1; fail 'the subject is another one'; }
  has_line 1 'DRBD has detected split brain on resource r0'
}

# ---- backups -----------------------------------------------------------------------------------------------------

# Runs fold -s -w 80 | mail -s "backupninja: HOST SUBJECT" ADDRESS....
site_mail_backupninja() {
  need backupninja
  with_mail
  printf '%s\n' 'reportemail = root ben@other.example' 'reportsuccess = yes' 'reportspace = no' \
    'logfile = /var/log/backupninja.log' 'configdirectory = /etc/backup.d' 'scriptdirectory = /usr/share/backupninja' \
    'libdirectory = /usr/lib/backupninja' 'when = everyday at 01:00' >/etc/backupninja.conf
  chmod 600 /etc/backupninja.conf
  mkdir -p /etc/backup.d && chmod 700 /etc/backup.d
  printf 'warning "something odd happened"\n' >/etc/backup.d/10.sh && chmod 600 /etc/backup.d/10.sh
  # it ends with 1 when it warns
  backupninja --now >"$work/out" 2>&1
  arrived root@site.example root@site.example ben@other.example
  subject_is 1 "backupninja: $(hostname) WARNING"
  mentions 1 'something odd happened'
}

# Runs mail -s "MySQL Backup Log for HOST - DATE" ADDRESS. Its backup is a weekly one on Saturdays, unless that is never.
site_mail_automysqlbackup() {
  need automysqlbackup
  with_mail
  make_program mysql 'echo Database; echo shop'
  make_program mysqldump 'echo "-- a dump"'
  sed -i 's/^MAILCONTENT=.*/MAILCONTENT=log/; s/^MAILADDR=.*/MAILADDR="ben@other.example"/; s/^CREATE_DATABASE/#&/
      s/^DOWEEKLY=.*/DOWEEKLY=0/' \
    /etc/default/automysqlbackup
  run automysqlbackup
  arrived root@site.example ben@other.example
  grep -q '^Subject: MySQL Backup Log for ' "$work/sink/1.eml" || { show 1; fail 'the subject is another one'; }
  has_line 1 'Daily Backup of Database ( shop )'
}

# Runs mail -s "PostgreSQL Backup Log for HOST - DATE" ADDRESS.
site_mail_autopostgresqlbackup() {
  need autopostgresqlbackup
  with_mail
  make_program psql 'echo Name:Owner; echo shop:anna'
  make_program pg_dump 'echo "-- a dump"'
  make_program pg_dumpall 'echo "-- all roles"'
  sed -i 's/^MAILCONTENT=.*/MAILCONTENT=log/; s/^MAILADDR=.*/MAILADDR="ben@other.example"/; s/^SU_USERNAME=.*/SU_USERNAME=/
      s/^DOWEEKLY=.*/DOWEEKLY=0/' \
    /etc/default/autopostgresqlbackup
  run autopostgresqlbackup
  arrived root@site.example ben@other.example
  grep -q '^Subject: PostgreSQL Backup Log for ' "$work/sink/1.eml" || { show 1; fail 'the subject is another one'; }
  has_line 1 'Daily Backup of Database ( shop )'
}

# Runs the mailer of its configuration with "-s", a subject and each address, without a shell; it must be a file.
site_mail_amanda() {
  need amreport
  need_file /usr/share/perl5/Encode/Locale.pm
  need_file /usr/share/perl5/JSON.pm
  with_mail
  configure_for_users
  local logs=/var/lib/amanda/logs
  mkdir -p /etc/amanda/site $logs /var/log/amanda
  printf '%s\n' 'org "Daily"' 'mailto "root ben@other.example"' 'mailer "/usr/bin/mail"' "logdir \"$logs\"" \
    "infofile \"$logs/info\"" 'tapelist "/etc/amanda/site/tapelist"' 'diskfile "/etc/amanda/site/disklist"' \
    >/etc/amanda/site/amanda.conf
  touch /etc/amanda/site/tapelist /etc/amanda/site/disklist
  printf '%s\n' 'INFO amdump amdump pid 1' 'DISK planner host /home' 'START planner date 20261102100000' \
    'START driver date 20261102100000' 'FAIL planner host /home 20261102100000 0 [something odd happened]' \
    'FINISH driver date 20261102100000 time 12.5' >$logs/log.20261102100000.0
  chown -R backup /etc/amanda /var/lib/amanda /var/log/amanda
  usermod --home /var/lib/amanda backup
  # its code says whether there were failures, and there is one
  su -s /bin/sh -c "amreport site --log=$logs/log.20261102100000.0 --mail-text" backup >"$work/out" 2>&1
  [ -e "$work/sink/1.env" ] || { cat "$work/out" >&2; fail 'amreport sent nothing'; }
  arrived backup@site.example root@site.example ben@other.example
  grep -q '^Subject: Daily .* REPORT FOR November 2, 2026' "$work/sink/1.eml" || { show 1; fail 'the subject is another one'; }
  mentions 1 'something odd happened'
}
