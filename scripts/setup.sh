#!/usr/bin/env bash
# Makes the virtual environment from the lock file and installs the few system packages that are missing.
# Root or sudo installs them; without either they are named and the set-up stops. Nothing is done twice.
set -euo pipefail
: "${PYTHON:=python3}" "${VENV:=.venv}" "${STAMP:=$VENV/.setup}"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v "$PYTHON" >/dev/null || fail "no '$PYTHON' found: install Python 3.11 or newer, or name one with 'make setup PYTHON=/path/to/python3'"
"$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
    || fail "$("$PYTHON" --version) is not supported: Python 3.11, 3.12 or 3.13 is needed (make setup PYTHON=python3.12)"

# package -> how to tell that what it brings is there already
missing=()
need() { local package=$1; shift; "$@" >/dev/null 2>&1 || missing+=("$package"); }
has_library() { ldconfig -p | grep -q "$1"; }
has_font() { [ -n "$(find /usr/share/fonts /usr/local/share/fonts -iname "$1" -print -quit 2>/dev/null)" ]; }
has_language() { tesseract --list-langs 2>/dev/null | grep -qx "$1"; }
need chromium-headless-shell test -x /usr/bin/chromium-headless-shell
need fonts-noto-cjk has_font 'NotoSansCJK*'
need tesseract-ocr command -v tesseract
need tesseract-ocr-chi-sim has_language chi_sim
need tesseract-ocr-eng has_language eng
need libgl1 has_library libGL.so.1
need libglib2.0-0 has_library libglib-2.0.so.0
need openssl command -v openssl
"$PYTHON" -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || fail "these programs are missing and there is no apt-get to install them: ${missing[*]}"
    if [ "$(id -u)" = 0 ]; then root=(); elif command -v sudo >/dev/null; then root=(sudo); else
        fail "needs root to install: ${missing[*]}
       run as root:  apt-get install --no-install-recommends ${missing[*]}
       then run the same make command again"
    fi
    say "installing ${missing[*]}"
    "${root[@]}" apt-get update -q >/dev/null || say "the package lists could not be refreshed; trying with those at hand"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >"/tmp/appwitness-apt-$$.log" 2>&1 \
        || { tail -n 20 "/tmp/appwitness-apt-$$.log" >&2; fail "apt-get could not install: ${missing[*]}"; }
    rm -f "/tmp/appwitness-apt-$$.log"
fi

if [ ! -x "$VENV/bin/python" ]; then
    say "making $VENV with $("$PYTHON" --version)"
    "$PYTHON" -m venv "$VENV"
fi
say "installing the locked Python packages (a few minutes the first time)"
"$VENV/bin/python" -m pip install -q --disable-pip-version-check --root-user-action=ignore -r requirements.lock
"$VENV/bin/python" -m pip install -q --disable-pip-version-check --root-user-action=ignore --no-deps -e .

# Countries of addresses: Debian's tor-geoipdb holds open data, but depends on a running Tor; only its two text files are taken.
if [ ! -f /usr/share/tor/geoip ] && [ ! -f "$VENV/share/tor/geoip" ] && command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    unpacked=$(mktemp -d)
    if (cd "$unpacked" && apt-get download -q tor-geoipdb && dpkg-deb -x tor-geoipdb_*.deb .) >/dev/null 2>&1; then
        mkdir -p "$VENV/share/tor"
        cp "$unpacked"/usr/share/tor/geoip* "$VENV/share/tor/"
    else
        say "no address data to be had: where requests went will be reported as uncertain"
    fi
    rm -rf "$unpacked"
fi
rm -f "$VENV"/.setup-*
touch "$STAMP"
say "ready: $("$VENV/bin/python" --version) in $VENV"
