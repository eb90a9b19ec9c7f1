# root.tar comes from debian/rootfs.sh, which runs before the build: mmdebstrap has to be root on the machine itself.
FROM scratch
LABEL slim-templates.stand-in="Debian's packages, by mmdebstrap"
ADD root.tar /
CMD ["bash"]
