//! Reading the bodies of requests, with a bound on their size, their time, and what of them is in memory at once.

use super::refusal::Refusal;
use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long a body may take to come, and to wait for room.
const BODY_WAIT: Duration = Duration::from_secs(60);
/// Bodies up to here always have room: there are no more of them than connections.
const SMALL_BYTES_MAX: u64 = 64 * 1024;
/// How many bytes of larger bodies are in the middle of coming at once.
const COMING_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Room is given out in such pieces.
const PIECE_BYTES: u64 = 1024;

/// Reads bodies. Clones share the room.
#[derive(Clone, Debug)]
pub(crate) struct Bodies {
    bytes_max: usize,
    wait: Duration,
    room: Arc<Semaphore>,
}

impl Bodies {
    /// Returns a reader of bodies up to this size.
    pub(crate) fn up_to(bytes_max: usize) -> Bodies {
        Bodies {
            bytes_max,
            wait: BODY_WAIT,
            room: Arc::new(Semaphore::new(pieces(COMING_BYTES_MAX as u64) as usize)),
        }
    }

    /// Reads a body to its end.
    pub(crate) async fn read(&self, body: Body) -> Result<Bytes, Refusal> {
        timeout(self.wait, self.read_in_time(body))
            .await
            .unwrap_or_else(|_| {
                Err(Refusal {
                    status: StatusCode::REQUEST_TIMEOUT,
                    name: "RequestTimeoutException",
                    why: format!("the request did not come within {} seconds", self.wait.as_secs()),
                })
            })
    }

    async fn read_in_time(&self, body: Body) -> Result<Bytes, Refusal> {
        // A body that does not say how long it is may be as long as any.
        let most = self.bytes_max as u64;
        let announced = body.size_hint().upper().unwrap_or(most);
        if announced > most {
            return Err(self.too_large());
        }
        let _room = if announced > SMALL_BYTES_MAX {
            // Never closed, and never asked for more than there is.
            let wanted = pieces(announced.min(COMING_BYTES_MAX as u64));
            self.room.acquire_many(wanted).await.ok()
        } else {
            None
        };
        to_bytes(body, self.bytes_max).await.map_err(|error| {
            let is_too_large = std::error::Error::source(&error)
                .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
            if is_too_large {
                self.too_large()
            } else {
                Refusal {
                    status: StatusCode::BAD_REQUEST,
                    name: "SerializationException",
                    why: format!("the request could not be read: {error}"),
                }
            }
        })
    }

    fn too_large(&self) -> Refusal {
        Refusal {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            name: "RequestEntityTooLargeException",
            why: format!("the request has more than {} bytes", self.bytes_max),
        }
    }
}

fn pieces(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(PIECE_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{BODY_WAIT, Bodies};
    use axum::body::{Body, Bytes};
    use axum::http::StatusCode;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::Semaphore;

    fn bodies(bytes_max: usize, room: usize) -> Bodies {
        Bodies {
            bytes_max,
            wait: BODY_WAIT,
            room: Arc::new(Semaphore::new(room)),
        }
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        let bodies = bodies(100_000, 100);
        let read = bodies.read(Body::from(vec![7; 100_000])).await.unwrap();
        assert_eq!(read, Bytes::from(vec![7; 100_000]));
        let refusal = bodies.read(Body::from(vec![7; 100_001])).await.unwrap_err();
        assert_eq!(refusal.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(bodies.room.available_permits(), 100);
    }

    #[tokio::test]
    async fn a_body_without_room_is_refused_in_time_and_a_small_one_is_read() {
        let bodies = Bodies {
            wait: Duration::from_millis(20),
            ..bodies(1_000_000, 0)
        };
        let refusal = bodies.read(Body::from(vec![7; 100_000])).await.unwrap_err();
        assert_eq!(refusal.status, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(bodies.read(Body::from("{}")).await.unwrap(), "{}");
        bodies.room.add_permits(100);
        assert_eq!(
            bodies.read(Body::from(vec![7; 100_000])).await.unwrap().len(),
            100_000
        );
    }
}
