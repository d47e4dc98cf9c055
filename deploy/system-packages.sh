#!/usr/bin/env bash
# A browser and fonts for the tests of pages. Installed when this machine lets us, else named clearly.
set -u
for browser in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$browser" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing chromium for the tests of pages"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >/dev/null 2>&1
  apt-get install -y -qq chromium fonts-noto-core >/dev/null 2>&1 && exit 0
fi
echo "No Chromium here: the tests of pages will fail. Install it, e.g.: sudo apt-get install chromium fonts-noto-core"
exit 0
