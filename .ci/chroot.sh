#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves that the project needs nothing but what ./dev installs: makes a clean Debian in a chroot,
# clones the repository into it (what is committed, not the work tree), and runs a command there.
# Uses the package source that this machine's apt uses. Called by ./dev chroot [SUITE [COMMAND...]].
set -euo pipefail
self=$(readlink -f "$0")
source "$(dirname "$self")/packages.sh"
repository=$(readlink -f "$(dirname "$self")/..")

suite=${1:-bookworm}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- ./dev test
folder=${LIFELINE_CHROOT:-/var/tmp/lifeline-chroot}

if [ "$(id -u)" -ne 0 ]; then
    echo "./dev chroot must be run as root" >&2
    exit 1
fi
require debootstrap git
# In a mount namespace of its own, so that no mount made here is seen outside or outlives this.
if [ -z "${LIFELINE_CHROOT_UNSHARED:-}" ]; then
    LIFELINE_CHROOT_UNSHARED=1 exec unshare --mount --propagation private "$self" "$suite" "$@"
fi

# Debian's archive, and its security archive, as this machine's apt knows them.
sources=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages')
archive=$(awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }' <<< "$sources")
security=$(awk '$2 == "Debian" && $3 == "Debian-Security" { print $1; exit }' <<< "$sources")
[ -n "$archive" ] || { echo "this machine's apt has no Debian archive" >&2; exit 1; }

# The removal must not reach into what is mounted.
clean_up() {
    local mounted
    for mounted in dev/pts dev/shm dev sys proc; do
        ! mountpoint -q "$root/$mounted" || umount -l "$root/$mounted"
    done
    rm -rf --one-file-system "$root"
}
mkdir -p "$folder"
root=$(mktemp -d "$folder/$suite.XXXXXX")
chmod 755 "$root"
trap clean_up EXIT
echo "Making a clean $suite in $root" >&2
debootstrap --variant=minbase "$suite" "$root" "$archive" > "$root.log" 2>&1 ||
    { tail -20 "$root.log" >&2; exit 1; }
rm "$root.log"

# The archive with its updates, reached the way that this machine reaches it.
{
    echo "deb $archive $suite main"
    if [ "$suite" != sid ]; then
        echo "deb $archive $suite-updates main"
        [ -z "$security" ] || echo "deb $security $suite-security main"
    fi
} > "$root/etc/apt/sources.list"
apt-config dump | grep -E '^Acquire::(http|https|ftp|Check|Retries)' > "$root/etc/apt/apt.conf.d/90host" || true
# Nobody needs this system after a crash: installing is several times faster without syncing.
echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
cp /etc/resolv.conf /etc/hosts "$root/etc/"

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --bind /dev "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"

git clone -q "$repository" "$root/root/lifeline"
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" \
    sh -c 'cd /root/lifeline && exec "$@"' sh "$@" < /dev/null
