//! Load: a fixed number of requests over a fixed number of connections.

use super::client::Client;
use crate::commands::Failure;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Connections, or tasks, that ask at once.
pub(crate) const CONNECTIONS: usize = 64;

/// How a load was borne.
#[derive(Debug)]
pub(crate) struct Load {
    /// How long the whole took.
    pub(crate) elapsed: Duration,
    /// How long each request took, shortest first.
    times: Vec<Duration>,
}

impl Load {
    /// Returns the load with these times.
    pub(crate) fn of(elapsed: Duration, mut times: Vec<Duration>) -> Load {
        times.sort_unstable();
        Load { elapsed, times }
    }

    /// Returns requests per second.
    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// Returns the milliseconds that so many hundredths of the requests did not exceed.
    pub(crate) fn percentile(&self, hundredths: usize) -> f64 {
        let place = (self.times.len() * hundredths / 100).min(self.times.len().saturating_sub(1));
        self.times
            .get(place)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

/// Sends `count` requests, as fast as they are answered.
pub(crate) async fn load(
    address: SocketAddr,
    count: u64,
    operation: &'static str,
    body: &str,
) -> Result<Load, Failure> {
    let body: Arc<str> = body.into();
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(address).await?);
    }
    let asked = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for mut client in clients {
        let (asked, body) = (Arc::clone(&asked), Arc::clone(&body));
        tasks.spawn(async move {
            let mut times = Vec::new();
            while asked.fetch_add(1, Ordering::Relaxed) < count {
                let begun = Instant::now();
                client.post(operation, &body).await?;
                times.push(begun.elapsed());
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done.map_err(Failure::while_trying("a connection"))??);
    }
    Ok(Load::of(begun.elapsed(), times))
}
