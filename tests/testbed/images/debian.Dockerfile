# root.tar is what mmdebstrap makes: see debian-rootfs.sh, which `up` runs first (it needs to be root, a build step cannot).
FROM scratch
ADD root.tar /
CMD ["bash"]
