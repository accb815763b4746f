#!/usr/bin/env bash
# Unpacks Debian packages of programs that call sendmail or mail(1), for .ci/interop.sh. Nothing is installed: no daemon of
# theirs, no timer and no cron job ever gets a place on this machine. Their files end up in one tree, which a case
# lays over /usr, /etc and /var in a mount namespace of its own. Mail servers, of which a machine can have only one,
# stay packed, beside the tree; a case unpacks the one it wants. What is installed already is not fetched again, and
# a tree that is there is kept. Needs root (for apt-get's lists) and Debian. Ends with 0, or with 1 after saying which
# packages could not be fetched; the others are there, and the next call tries again. A package that this Debian does
# not have is left out.
#
#     .ci/callers.sh DIRECTORY
set -u
tree=$(realpath -m -- "${1:?usage: callers.sh DIRECTORY}")

# With what they depend on; the MTA that some of them want is us.
packages='cron anacron at sudo procmail neomutt mailutils logwatch fail2ban unattended-upgrades smartmontools apticron
  logcheck mime-construct libmime-lite-perl libemail-sender-perl libmailtools-perl ruby-mail libphp-phpmailer
  php-symfony-mailer php-swiftmailer dovecot-sieve vacation libsasl2-modules sasl2-bin'
# Alone: systemd-cron cannot be had together with cron, whose crontab has to win, and mdadm wants udev and with it
# all of systemd. Of the callers of mail(1) only scripts are wanted, and not the servers and databases around them.
alone='systemd-cron mdadm chkrootkit needrestart rkhunter icinga2-common nagios4-common integrit arpwatch watchdog pcp
  pcp-conf nut-client apcupsd exim4-base resource-agents drbd-utils backupninja automysqlbackup autopostgresqlbackup
  amanda-server amanda-common libencode-locale-perl libjson-perl'
# Stay packed; their libraries are fetched as the packages of the first kind are. The OpenSMTPD of Debian 12 cannot use
# its keys with OpenSSL 3 and so speaks no TLS; that of the backports can.
servers='exim4-daemon-heavy'
newest='opensmtpd'

quietly() { DEBIAN_FRONTEND=noninteractive timeout 240 "$@" >>"$tree/log" 2>&1; }

download() {
  quietly apt-get -q -y -o DPkg::Lock::Timeout=60 -o APT::Sandbox::User=root -o Dir::Cache::archives="$tree/debs" \
    install --download-only --no-install-recommends --no-remove "$@"
}

download_to() { # DIRECTORY PACKAGE OPTION...
  (cd "$tree/$1" && quietly apt-get -q -o APT::Sandbox::User=root "${@:3}" download "$2")
}

# From the backports where they have it, without adding them to the sources of this machine.
download_newest() { # DIRECTORY PACKAGE
  local sources=$tree/backports.list lists=$tree/backports options
  mkdir -p "$lists/partial"
  apt-get indextargets --format 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(CODENAME)-backports main' |
    grep -E ' [a-z]+-backports main$' | head -n 1 >"$sources"
  options=(-o "Dir::Etc::sourcelist=$sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$lists" -o Dir::Cache::pkgcache=
    -o Dir::Cache::srcpkgcache=)
  quietly apt-get -q -o APT::Sandbox::User=root "${options[@]}" update &&
    download_to "$1" "$2" "${options[@]}" || download_to "$1" "$2"
}

libraries_of() { apt-cache depends "$@" | sed -nE 's/^ +Depends: (lib[^ <>]+)$/\1/p' | sort -u; }

# Directories such as /lib are symbolic links to those below /usr, and stay that.
unpack() {
  local deb
  for deb in "$tree"/alone/*.deb "$tree"/debs/*.deb; do
    [ -e "$deb" ] || continue
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$tree/root" || return 1
  done
}

# Those that apt knows: one that it does not would fail them all.
known() {
  local names package
  names=$(apt-cache pkgnames)
  for package; do
    grep -qxF -- "$package" <<<"$names" && echo "$package"
  done
}

make_tree() {
  local package missing=
  rm -rf "$tree"
  mkdir -p "$tree/alone" "$tree/servers" "$tree/debs/partial" "$tree/root/usr"/{bin,sbin,lib} "$tree/root"/{etc,var} || return 1
  ln -s usr/bin usr/sbin usr/lib "$tree/root"
  quietly apt-get -q update
  # the names are words of ours
  packages=$(known $packages) alone=$(known $alone) servers=$(known $servers) newest=$(known $newest)
  packages="$packages $(libraries_of $servers $newest)"
  if [ -z "$packages" ]; then
    missing=' anything, as apt knows no packages'
  elif ! download $packages; then
    for package in $packages; do
      download "$package" || missing="$missing $package"
    done
  fi
  for package in $alone; do
    download_to alone "$package" || missing="$missing $package"
  done
  for package in $servers; do
    download_to servers "$package" || missing="$missing $package"
  done
  for package in $newest; do
    download_newest servers "$package" || missing="$missing $package"
  done
  unpack || missing="$missing (something that could not be unpacked, see $tree/log)"
  rm -rf "$tree"/{alone,debs,backports,backports.list}
  [ -z "$missing" ] && return
  echo "could not be fetched:$missing"
  tail -n 5 "$tree/log"
  return 1
}

wanted=$(cksum <"$0")
[ "$(cat "$tree/complete" 2>/dev/null)" = "$wanted" ] && exit
make_tree && echo "$wanted" >"$tree/complete"
