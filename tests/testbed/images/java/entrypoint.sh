#!/bin/sh
# The official images' entry points do nothing else where nothing is asked of them: they add CA certificates if
# USE_SYSTEM_CA_CERTS is set, and fill an empty ~/.m2.
exec "$@"
