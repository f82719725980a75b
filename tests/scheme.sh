#!/bin/sh
# The Scheme demo's own tests, on the library as it was built.
exec "${srcdir:-.}/demos/scheme/run-tests.sh" "$PWD/demos/gcscheme"
