# shellcheck shell=bash
# Programs that watch a machine and mail what they see. All but a few call "sendmail -t", where a line with a dot
# alone would end the message; none of them writes one.

# Reports who may not use it with "sendmail -t", run as that user.
site_sudo() {
  need sudo
  start_sink && configure_for_users
  useradd --create-home anna
  printf 'Defaults !authenticate, mailto="ben@other.example"\nroot ALL=(ALL:ALL) ALL\n' >/etc/sudoers
  su -s /bin/sh -c 'sudo -n /bin/true' anna >"$work/out" 2>&1 && fail 'sudo let everybody pass'
  arrived anna@site.example ben@other.example
  has_line 1 'To: ben@other.example' && has_line 1 'From: anna@site.example'
  grep -q 'anna : user NOT in sudoers ; .* COMMAND=/bin/true' "$work/sink/1.eml" || { show 1; fail 'the report lacks something'; }
}

# Runs 'sh -c "/usr/sbin/sendmail -t"'. A test message needs no array.
site_mdadm() {
  need mdadm
  start_sink && configure
  printf 'MAILADDR ben@other.example\nMAILFROM mdadm@site.example\nARRAY /dev/md0 UUID=%s\n' \
    01234567:89abcdef:01234567:89abcdef >"$work/mdadm.conf"
  run mdadm --monitor --scan --oneshot --test --config="$work/mdadm.conf"
  arrived root@site.example ben@other.example
  has_line 1 'A TestMessage event had been detected on md device /dev/md0.' && has_line 1 'Faithfully yours, etc.'
}

# The real server, with a jail that bans nobody by itself. It runs 'printf ... | sendmail -f "SENDER" "DEST"'.
site_fail2ban() {
  need fail2ban-server fail2ban-client
  start_sink && configure
  mkdir -p "$work/log" /var/run/fail2ban
  touch "$work/log/auth"
  rm -rf /etc/fail2ban/jail.d
  cat >/etc/fail2ban/jail.local <<JAIL
[site]
enabled = true
backend = polling
filter = sshd
logpath = $work/log/auth
action = sendmail[name=site, dest=root, sender=fail2ban@site.example]
JAIL
  run fail2ban-client -s "$work/socket" -p "$work/pid" --loglevel INFO --logtarget "$work/log/fail2ban" start
  run fail2ban-client -s "$work/socket" set site banip 192.0.2.1
  envelope_is 1 fail2ban@site.example root@site.example
  envelope_is 2 fail2ban@site.example root@site.example
  has_clean_line_ends 1 && has_clean_line_ends 2 && count_is 2
  has_line 1 'The jail site has been started successfully.'
  has_line 2 'From: Fail2Ban <fail2ban@site.example>' && has_line 2 'Regards,' && has_line 2 'Fail2Ban'
}

# Its summary, mailed by "sendmail -oi -t".
site_unattended_upgrades() {
  need unattended-upgrade
  start_sink && configure
  /usr/bin/python3 -c 'import apt, distro_info' 2>/dev/null ||
    { echo '    python3-apt or python3-distro-info is not installed' >&2; exit 77; }
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

# Opens a pipe to "sendmail -t".
site_logwatch() {
  need logwatch
  start_sink && configure
  mkdir -p /var/cache/logwatch "$work/log"
  echo 'Nov  2 10:00:00 site sudo: anna : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/true' >"$work/log/auth.log"
  run logwatch --output mail --mailto ben@other.example --service sudo --range all --logdir "$work/log"
  arrived root@site.example ben@other.example
  has_line 1 'To: ben@other.example'
  grep -q 'anna => root' "$work/sink/1.eml" && grep -q '# Logwatch End #' "$work/sink/1.eml" || { show 1; fail 'the report has no end'; }
}

# Runs "mail -s SUBJECT ADDRESS", and mail calls sendmail.
site_smartd() {
  need mail
  need_file /usr/share/smartmontools/smartd_warning.sh
  start_sink && configure
  SMARTD_MAILER=/usr/share/smartmontools/smartd-runner SMARTD_ADDRESS=ben@other.example SMARTD_FAILTYPE=EmailTest \
    SMARTD_MESSAGE='TEST EMAIL from smartd' SMARTD_DEVICEINFO='a disk' SMARTD_TFIRST='' SMARTD_PREVCNT=0 \
    SMARTD_NEXTDAYS='' run /usr/share/smartmontools/smartd_warning.sh
  arrived root@site.example ben@other.example
  has_line 1 'TEST EMAIL from smartd' && has_line 1 "For details see host's SYSLOG."
}

# Runs as a user of its own, who has a queue of his own, and mails through mime-construct.
site_logcheck() {
  need logcheck mime-construct logtail2 lockfile-create
  start_sink && configure_for_users
  useradd --system --home-dir /var/lib/logcheck logcheck
  install -d -o logcheck /run/lock/logcheck /var/lib/logcheck /var/spool/logs
  chown -R logcheck /etc/logcheck
  printf 'Nov  2 10:00:00 site daemon[1]: something odd happened\n' >/var/spool/logs/syslog
  echo /var/spool/logs/syslog >/var/spool/logs/list
  run su -s /bin/bash -c '/usr/sbin/logcheck -L /var/spool/logs/list -m ben@other.example' logcheck
  arrived logcheck@site.example ben@other.example
  has_line 1 'To: ben@other.example' && has_line 1 'Nov  2 10:00:00 site daemon[1]: something odd happened'
}

# Runs "mailx -a FIELD -s SUBJECT ADDRESS", here because there is nothing to upgrade.
site_apticron() {
  need apticron mailx
  start_sink && configure
  rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists
  mkdir -p /var/lib/apt/lists/partial
  printf 'EMAIL=ben@other.example\nNOTIFY_NO_UPDATES=1\nCUSTOM_FROM=apticron@site.example\n' >/etc/apticron/apticron.conf
  run apticron
  arrived root@site.example ben@other.example
  has_line 1 'From: apticron@site.example'
}
