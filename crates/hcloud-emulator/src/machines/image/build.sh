# Builds the root file system of the machines as a tar file. Every path and setting comes from the environment:
#   OUTPUT     the tar file to write               SUITE, SOURCE, KEYRING   the Debian release and where it comes from
#   OVERLAY    files to copy over the new root     PACKAGES                 packages, separated by commas
#   CUSTOMIZE  the script that finishes the root   APT_OPTIONS              a file with the host's apt settings to use
# It runs in a mount and a process namespace of its own, so nothing of it outlives it, however it ends.
set -eu

exec mmdebstrap --mode=root --variant=minbase --format=tar \
    --include="$PACKAGES" \
    ${KEYRING:+--keyring="$KEYRING"} \
    ${APT_OPTIONS:+--aptopt="$APT_OPTIONS"} \
    --aptopt='APT::Install-Recommends "false"' \
    --aptopt='APT::Sandbox::User "root"' \
    --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::GzipIndexes "true"' \
    --aptopt='Acquire::Retries "3"' \
    --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --skip=cleanup/apt \
    --customize-hook='cp -R "$OVERLAY/." "$1/"' \
    --customize-hook='chroot "$1" /bin/sh -eu <"$CUSTOMIZE"' \
    "$SUITE" "$OUTPUT" ${SOURCE:+"$SOURCE"}
