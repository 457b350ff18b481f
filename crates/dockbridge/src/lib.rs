//! dockbridge.
