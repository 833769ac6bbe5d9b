//! How a driver works.

use engine::Limits;
use ports::Observer;
use std::sync::Arc;
use std::time::Duration;

/// Seconds for which a writer may dispatch what its entry asks for; it is renewed while calls are in flight.
pub(crate) const LEASE_SECONDS: u64 = 60;
/// How often leases are renewed: two renewals may fail before one is lost.
pub(crate) const RENEW_AFTER: Duration = Duration::from_secs(18);
/// No dispatch in a lease's last seconds: the clocks of two machines differ.
pub(crate) const LEASE_MARGIN_MILLIS: i64 = 5_000;
/// How often a message comes before what it is for is taken for poison: it has ended whoever received it.
pub(crate) const RECEIVES_MAX: u32 = 8;
/// How often a write is repeated, with the same nonce, before the actor gives up.
pub(crate) const WRITE_ATTEMPTS: u32 = 5;

/// How a driver works.
#[derive(Clone)]
pub struct Settings {
    /// The limits of executions.
    pub limits: Limits,
    /// Whether no other driver works on the same journal: leases of others are then those of the dead. One of many
    /// answers clients, and leaves what follows to the driver that the mailbox wakes.
    pub exclusive: bool,
    /// Functions that may take longer than so many seconds, by their state's `TimeoutSeconds`, are called by whoever
    /// takes the calls that are handed over; none when `None`.
    pub hands_over_beyond: Option<u64>,
    /// Bytes from which a document leaves its entry for the blob store.
    pub blob_bytes_min: usize,
    /// Who is told of every durable entry.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Settings {
    /// Returns the settings of a driver in an AWS account, which is one of many: AWS's limits, and documents leave
    /// their entry from 8 KiB on, because DynamoDB bills an item by the kilobyte.
    pub fn deployed() -> Settings {
        Settings {
            limits: Limits::default(),
            exclusive: false,
            hands_over_beyond: None,
            blob_bytes_min: 8 * 1024,
            observer: None,
        }
    }

    /// Returns the same for a driver that tells this observer what executions do.
    pub fn watched_by(self, observer: Arc<dyn Observer>) -> Settings {
        Settings {
            observer: Some(observer),
            ..self
        }
    }

    /// Returns the same for a driver that hands over calls of functions that may take longer than so many seconds.
    pub fn handing_over_beyond(self, seconds: u64) -> Settings {
        Settings {
            hands_over_beyond: Some(seconds),
            ..self
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("limits", &self.limits)
            .field("exclusive", &self.exclusive)
            .field("hands_over_beyond", &self.hands_over_beyond)
            .field("blob_bytes_min", &self.blob_bytes_min)
            .finish_non_exhaustive()
    }
}
