#!/bin/sh
# The cache demo's own test, on the library as it was built.
exec "${srcdir:-.}/demos/cache/run-tests.sh" "$PWD/demos/cache/gccache"
