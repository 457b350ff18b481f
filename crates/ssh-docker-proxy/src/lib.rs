//! ssh-docker-proxy.
