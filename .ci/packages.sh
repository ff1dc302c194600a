# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages that the project needs, and how they come onto the machine. Sourced by ./dev.

# To build the program and the plugin.
BUILD_PACKAGES=(build-essential cmake ninja-build pkg-config gettext help2man libglib2.0-dev
    libpcap-dev zlib1g-dev libzstd-dev liblz4-dev libbrotli-dev libnghttp2-dev wireshark-dev
    libwireshark-dev libgcrypt20-dev)

# What the tests run: the plugin's host, compressors, and the lab's peers.
TEST_PACKAGES=(python3 tshark zstd lz4 iproute2 tcpdump curl nginx-light apache2-bin wrk
    nghttp2-client openssl git)

# What ./dev bench measures beside lifeline, and what makes its captures.
BENCH_PACKAGES=(python3 iproute2 tcpdump nginx-light wrk argus-server tcptrace tshark)

# Other compilers and checkers.
CHECK_PACKAGES=(clang clang-format)

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        echo "./dev: these packages must be installed by root: run as root, or install sudo" >&2
        return 1
    fi
}

# The given packages that aren't installed, in $missing.
find_missing() {
    missing=()
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" = installed ] ||
            missing+=("$package")
    done
}

# Installs what is missing; touches no network when nothing is. Asks no questions.
require() {
    local missing
    find_missing "$@"
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Installing: ${missing[*]}" >&2
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends
        -o Dpkg::Use-Pty=0 -q "${missing[@]}")
    # The package lists of a fresh system are empty, those of an old one name files that are gone.
    as_root apt-get update -q >&2
    as_root "${install[@]}" >&2
}

# The sanitizers' and libFuzzer's runtime of the installed clang.
require_clang_runtime() {
    local major
    major=$(clang -dumpversion)
    require "libclang-rt-${major%%.*}-dev"
}
