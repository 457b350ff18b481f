# Becomes `dockerd`, in a mount namespace of its own: nothing that is mounted here is seen by the rest of the host.
# LAYERS is an own directory for what is written; it needs not exist.

# A containerd of the host would be used instead of an own one.
mkdir -p /run/containerd
mount -t tmpfs tmpfs /run/containerd

# The engine writes a key to the first and makes directories in the second. Where they do not exist, they are made in a
# layer over their parents, so that the host does not get them.
for directory in /etc/docker /opt/containerd; do
    parent=${directory%/*}
    if [ -d "$directory" ]; then
        mount -t tmpfs tmpfs "$directory"
    elif [ -d "$parent" ]; then
        if ! mountpoint -q "$LAYERS"; then
            mkdir -p "$LAYERS"
            mount -t tmpfs tmpfs "$LAYERS"
        fi
        mkdir -p "$LAYERS$parent/upper" "$LAYERS$parent/work"
        layers="lowerdir=$parent,upperdir=$LAYERS$parent/upper,workdir=$LAYERS$parent/work"
        # Without it the engine still works, and leaves a small file or an empty directory on the host.
        mount -t overlay -o "$layers" overlay "$parent" || echo "cannot hide $directory"
    fi
done

exec dockerd "$@"
