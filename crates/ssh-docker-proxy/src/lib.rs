//! Forwards a local Unix socket to a Docker Engine's Unix socket over one persistent, shared SSH connection.
//!
//! The parts, from the client's side to the engine's:
//! - [`socket`] binds the local socket so that nobody else can use it and nothing alive is replaced;
//! - [`proxy`] accepts connections, follows the framing of HTTP/1.1 and forwards every byte as it is;
//! - [`connector`] is the seam behind which engines are provided; [`observer`] the one through which use is measured;
//! - [`ssh`] reaches an engine through OpenSSH's own client.

pub mod connector;
pub mod http;
pub mod observer;
pub mod proxy;
pub mod socket;
pub mod ssh;
pub mod stream;

pub use connector::{Connector, LocalAnswer, OpenFuture, Opened, Refusal};
pub use http::head::RequestHead;
pub use observer::{ConnectionId, ConnectionObserver, Direction, NoObserver, Observer};
pub use proxy::{ServeOptions, ServeReport, serve};
pub use socket::{BoundSocket, SocketError, bind};
pub use ssh::{ExecOutput, HostKeys, SshConnection, SshConnector, SshError, SshTarget};
pub use stream::{BoxedStream, Duplex};
