//! hcloud-client.
