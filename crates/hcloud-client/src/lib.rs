//! A typed asynchronous client for the part of the Hetzner Cloud API that is needed to run single servers with a volume:
//! servers, volumes, SSH keys, firewalls, the catalogue, prices and actions.
//!
//! The client holds no policy: it creates what it is told to create, and decides nothing about names, sizes or prices.
//! It does hold what every caller of this API needs: every page of a list, bounded waits for actions, retries of requests
//! that cannot change anything, and errors that say whether a change may have been made all the same.
//!
//! Answers are decoded tolerantly. Unknown fields are ignored, absent ones have defaults wherever that is possible, and
//! words that this version does not know (a new server status, say) are kept as they came: an answer that cannot be
//! decoded after a server was created would leave a billed server that nobody knows of.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use hcloud_client::{ApiToken, Client, ServerFilter};
//!
//! let token: ApiToken = std::env::var("HCLOUD_TOKEN")?.parse()?;
//! let client = Client::builder(token).user_agent("example/1.0").build()?;
//! for server in client.servers().list(&ServerFilter::default()).await? {
//!     println!("{} {}", server.id, server.status);
//! }
//! # Ok(())
//! # }
//! ```

mod actions;
mod client;
mod decode;
mod endpoint;
mod error;
mod firewalls;
mod ids;
mod images;
mod labels;
mod locations;
mod money;
mod paging;
mod pricing;
mod ratelimit;
mod retry;
mod server_types;
mod servers;
mod ssh_keys;
mod token;
mod transport;
mod user_data;
mod volumes;
mod words;

pub use actions::{Action, ActionError, ActionResource, ActionStatus, Actions, WaitOptions};
pub use client::{BuildError, Client, ClientBuilder};
pub use endpoint::{Endpoint, EndpointError, HETZNER_ENDPOINT};
pub use error::{ApiError, Error, ErrorCode, FieldError, Operation};
pub use firewalls::{
    CreateFirewall, CreatedFirewall, Firewall, FirewallFilter, FirewallRule, FirewallTarget, Firewalls, RuleDirection,
    RuleProtocol,
};
pub use ids::{ActionId, FirewallId, ImageId, LocationId, PrimaryIpId, ServerId, ServerTypeId, SshKeyId, VolumeId};
pub use images::{Image, ImageFilter, ImageKind, ImageStatus, Images};
pub use labels::{LabelError, LabelSelector, Labels, validate_labels};
pub use locations::{Location, Locations};
pub use money::{Amount, AmountError, Price};
pub use pricing::{Prices, Pricing, PrimaryIpKind, PrimaryIpPrice, PrimaryIpPriceInLocation, ServerTypePrices};
pub use ratelimit::RateLimit;
pub use retry::{RetryPolicy, RetryPolicyError};
pub use server_types::{
    Architecture, CpuType, Deprecation, ServerType, ServerTypeLocation, ServerTypePrice, ServerTypes,
};
pub use servers::{
    AppliedFirewall, AppliedFirewallStatus, CreateServer, CreatedServer, ImageSummary, PublicIpv4, PublicIpv6,
    PublicNet, PublicNetOptions, Server, ServerFilter, ServerProtection, ServerStatus, ServerTypeSummary, Servers,
};
pub use ssh_keys::{CreateSshKey, SshKey, SshKeyFilter, SshKeys};
pub use token::{ApiToken, TokenError};
pub use user_data::{USER_DATA_MAX_BYTES, UserData};
pub use volumes::{
    CreateVolume, CreatedVolume, Volume, VolumeFilter, VolumeFormat, VolumeProtection, VolumeStatus, Volumes,
};
