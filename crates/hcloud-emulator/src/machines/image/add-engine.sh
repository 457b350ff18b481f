# Runs in a container of the plain image and turns it into the image with Docker Engine, from the packages it carries.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends docker.io
apt-get clean
rm -rf /usr/sbin/policy-rc.d /var/lib/apt/lists/*
systemctl is-enabled docker.service
# The engine's identity belongs to a machine, not to the image.
rm -rf /etc/docker/key.json
: >/etc/machine-id
