#!/bin/sh
# The Prolog demo's own tests, on the library as it was built.
exec "${srcdir:-.}/demos/prolog/run-tests.sh" "$PWD/demos/gcprolog"
