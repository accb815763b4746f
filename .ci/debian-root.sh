#!/usr/bin/env bash
# Installs the Debian packages in a clean Debian 13, uses them as users, cron and the administrator of a machine do,
# upgrades, removes and purges them. The Debian is made once, below node_modules/.cache; each call works on a copy of it
# in memory, in namespaces of its own with no network but 127.0.0.1, and leaves nothing behind. The steps are in
# debian-root-steps.sh. The last line is exactly "N passed, N failed, N skipped"; exit code 1 when anything failed, 77
# after saying what is missing.
#
#     .ci/debian-root.sh
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/.." && pwd)
base=$root/node_modules/.cache/debian-root
PATH=$PATH:/usr/sbin:/sbin

# Programs that send mail, one with a mail transport agent that has to give way, and what the packages depend on.
packages='nodejs cron git git-email php-cli msmtp-mta libmailtools-perl libnet-smtp-ssl-perl bash-completion logrotate
  systemd-standalone-sysusers systemd-standalone-tmpfiles'

lacking() { echo "$*"; exit 77; }

# ---- the clean Debian ---------------------------------------------------------------------------------------------

in_base() { chroot "$base/root" env -i PATH="$PATH" DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" >>"$base/log" 2>&1; }

make_base() {
  rm -rf "$base" && mkdir -p "$base" || return
  # --variant=minbase: what a container has
  timeout 300 debootstrap --variant=minbase trixie "$base/root" http://deb.debian.org/debian >>"$base/log" 2>&1 || return
  printf '#!/bin/sh\nexit 101\n' >"$base/root/usr/sbin/policy-rc.d" && chmod 755 "$base/root/usr/sbin/policy-rc.d" || return
  # the package names are words of ours
  in_base apt-get -q update && in_base timeout 300 apt-get -q -y --no-install-recommends install $packages
  local code=$?
  rm -rf "$base/root/var/cache/apt/archives" "$base/root/usr/sbin/policy-rc.d"
  return $code
}

provide_base() {
  local wanted
  wanted=$(sed -n '/^packages=/,/^make_base/p' "$0" | cksum)
  [ "$(cat "$base/complete" 2>/dev/null)" = "$wanted" ] && return
  make_base && echo "$wanted" >"$base/complete" && return
  tail -n 5 "$base/log"
  lacking 'a clean Debian cannot be made'
}

# ---- a copy of it -------------------------------------------------------------------------------------------------

# In a mount namespace: everything that is written stays in memory and is gone with the namespace.
enter() { # DIRECTORY WITH THE PACKAGES
  mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work /mnt/root || return
  mount -t overlay overlay -o "lowerdir=$base/root,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root || return
  mount -t proc proc /mnt/root/proc && mount -t tmpfs tmpfs /mnt/root/run && mount -t tmpfs tmpfs /mnt/root/tmp || return
  chmod 1777 /mnt/root/tmp
  ip link set lo up && hostname machine.site.example || return
  mkdir /mnt/root/srv/packages && cp "$1"/*/*.deb "$root/.ci/sink.mjs" "$root/.ci/debian-root-steps.sh" \
    "$root/docs/installation.md" /mnt/root/srv/packages || return
  exec chroot /mnt/root env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \
    PASSED="$PASSED" FAILED="$FAILED" SKIPPED="$SKIPPED" DEBIAN_FRONTEND=noninteractive bash /srv/packages/debian-root-steps.sh
}

if [ "${1-}" = --enter ]; then
  enter "$2"
  lacking 'the copy of the clean Debian cannot be entered'
fi

[ "$(id -u)" = 0 ] || lacking 'needs root'
for program in debootstrap dpkg-buildpackage dh dh_apparmor unshare ip; do
  command -v $program >/dev/null || lacking "$program is not installed"
done
alone='--mount --pid --net --uts --ipc --fork --kill-child'
unshare $alone true 2>/dev/null || lacking 'no namespaces can be made'
provide_base

work=$(mktemp -d "${TMPDIR:-/tmp}/mq-debian.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
version=$(node -p "require('$root/package.json').version")
export PASSED=0 FAILED=0 SKIPPED=0

build() { # VERSION DIRECTORY
  node "$root/scripts/package-deb.mjs" --version "$1" --output "$2" && return
  echo '  FAILED   debian build'
  echo '0 passed, 1 failed, 0 skipped'
  exit 1
}

passes() { PASSED=$((PASSED + 1)); echo "  ok       debian $1"; }
fails() { FAILED=$((FAILED + 1)); echo "  FAILED   debian $1"; }

build "$version" "$work/packages/old"
build "$version+next" "$work/packages/new"
build "$version" "$work/again"
if diff -r "$work/packages/old" "$work/again"; then passes reproducible; else fails reproducible; fi
if ! command -v lintian >/dev/null; then
  SKIPPED=1
  echo '  SKIPPED  debian lintian: it is not installed'
elif lintian --allow-root --fail-on error,warning,info,pedantic -I --pedantic "$work"/packages/old/*.deb; then
  passes lintian
else
  fails lintian
fi
# word splitting is wanted
unshare $alone "$0" --enter "$work/packages"
