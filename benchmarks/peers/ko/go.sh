# As ko's own page has it, into a file; its base is the one that it takes by default, of Debian 13.
export KO_DOCKER_REPO=peer KO_DEFAULTBASEIMAGE=$REGISTRY/distroless/static-debian13:nonroot
ko build --bare --push=false --tarball=/out/image.tar .
