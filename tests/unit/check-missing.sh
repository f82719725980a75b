#!/bin/sh
# Stands in for the unit tests where Check was not found: they must not pass unseen.
echo "FAIL: configure did not find Check, so the unit tests were not built;" \
    "install it (on Debian: apt-get install check) and configure again"
exit 1
