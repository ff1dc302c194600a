#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the plugin that was built in BUILD, and the profile "Lifeline", for the user who calls, or
# for all users with --system. Called by ./dev install.
#
# usage: plugin/install.sh [--system] BUILD
#
# Wireshark ignores the personal plugins of root, so for root it is always --system.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
system=
if [ "${1:-}" = --system ]; then
    system=1
    shift
fi
plugin=${1:?usage: install.sh [--system] BUILD}/plugin/lifeline.so
[ "$(id -u)" -ne 0 ] || system=1

if [ ! -e "$plugin" ]; then
    echo "No Wireshark plugin was built: its development files are missing." >&2
    exit 0
fi
# Plugins are kept by minor version.
version=$(pkg-config --modversion wireshark | cut -d. -f1,2)
if [ -n "$system" ]; then
    plugins=$(pkg-config --variable=plugindir wireshark)
    profiles=/usr/share/wireshark/profiles
else
    plugins=$HOME/.local/lib/wireshark/plugins/$version
    profiles=${XDG_CONFIG_HOME:-$HOME/.config}/wireshark/profiles
fi

# A running Wireshark has the old file mapped: replace it, don't write into it.
install -d "$plugins/epan" "$profiles/Lifeline"
rm -f "$plugins/epan/lifeline.so"
install -m 644 "$plugin" "$plugins/epan/lifeline.so"
for file in "$here"/profile/Lifeline/*; do
    name=$profiles/Lifeline/$(basename "$file")
    if [ -e "$name" ] && ! cmp -s "$file" "$name"; then
        echo "Kept $name, which differs from the new one." >&2
    else
        install -m 644 "$file" "$name"
    fi
done

echo "Installed $plugins/epan/lifeline.so and the profile in $profiles/Lifeline"
if command -v tshark > /dev/null; then
    tshark -G plugins 2> /dev/null | grep '^lifeline' ||
        { echo "tshark doesn't list it: is it Wireshark $version?" >&2; exit 1; }
fi
