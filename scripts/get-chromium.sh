#!/bin/sh
# A Chromium for the browser tests: the system's, Debian's where we may install it, Playwright's own elsewhere.
# Never fails: without one the browser tests are skipped and say so.
PLAYWRIGHT="$1"
fonts() { fc-list :lang=zh-tw 2>/dev/null | grep -q .; }
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  if ! command -v chromium >/dev/null 2>&1 || ! fonts; then
    echo "installing chromium and fonts-noto-cjk"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      chromium fonts-noto-cjk fontconfig; } >/dev/null 2>&1 || echo "apt-get could not install chromium"
  fi
fi
if ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
  "$PLAYWRIGHT" install chromium || echo "no Chromium: the browser tests will be skipped"
fi
exit 0
