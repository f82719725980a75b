#!/bin/sh
# The store demo's own tests, on the library as it was built.
exec "${srcdir:-.}/demos/store/run-tests.sh" "$PWD/demos/store/gcstore" 15 "$PWD/tools/gcalloc"
