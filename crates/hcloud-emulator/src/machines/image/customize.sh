# Runs inside the new root file system, as the last step of building the image: see build.sh.
set -eu

# Units that wait for hardware, touch the host's devices or settings, or only cost time at boot.
systemctl mask --quiet \
    systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
    systemd-udev-trigger.service systemd-udev-settle.service systemd-hwdb-update.service \
    systemd-modules-load.service systemd-sysctl.service systemd-random-seed.service \
    systemd-firstboot.service systemd-machine-id-commit.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service systemd-pstore.service \
    systemd-networkd-wait-online.service \
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
    dev-hugepages.mount dev-mqueue.mount proc-sys-fs-binfmt_misc.automount \
    getty.target console-getty.service getty-static.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-tmpfiles-clean.timer
systemctl set-default --quiet multi-user.target
systemctl enable --quiet machine-fstab.service machine-metadata.socket
# The cloud's virtual machines are recognised by their firmware; this one is told.
systemctl enable --quiet cloud-init-local.service cloud-init.service cloud-config.service cloud-final.service

# The engine's packages are kept with their package lists, so that `apt-get install docker.io` needs no network.
apt-get install --yes --no-install-recommends --download-only docker.io

mkdir -p /var/lib/cloud/seed/nocloud

# Every machine makes or is given its own identity.
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id

# What only the build needed.
rm -f /etc/apt/apt.conf.d/99mmdebstrap
cat >/etc/apt/apt.conf.d/90machine <<'CONF'
APT::Install-Recommends "false";
Acquire::Retries "0";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
CONF
rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/info/* /usr/share/locale/* /usr/share/i18n/locales/* \
    /var/log/*.log /var/log/apt /var/cache/apt/*.bin /var/cache/debconf/*-old
