//! Time and randomness of this machine.

use engine::Timestamp;
use ports::{Clock, Entropy};
use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Random bytes that a thread asks the system for at once: a multiple of 32.
const POOL_BYTES: usize = 2048;

/// A clock that tells when it was moved.
pub trait LocalClock: Clock {
    /// Returns what changes whenever the clock was moved forward by hand; `None` for one that cannot be.
    fn jumps(&self) -> Option<watch::Receiver<Duration>>;
}

/// The time of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(millis(since))
    }
}

impl LocalClock for SystemClock {
    fn jumps(&self) -> Option<watch::Receiver<Duration>> {
        None
    }
}

/// The time of the operating system plus an offset that grows by hand: waits are over at once, and in the right order.
#[derive(Debug)]
pub struct VirtualClock {
    offset: watch::Sender<Duration>,
}

impl Default for VirtualClock {
    fn default() -> VirtualClock {
        VirtualClock {
            offset: watch::Sender::new(Duration::ZERO),
        }
    }
}

impl VirtualClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.offset
            .send_modify(|offset| *offset = offset.saturating_add(by));
    }

    /// Moves the clock forward so that it shows `time`; does nothing when it is later already.
    pub fn advance_to(&self, time: Timestamp) {
        let ahead = time.millis().saturating_sub(self.now().millis());
        if let Ok(ahead) = u64::try_from(ahead)
            && ahead > 0
        {
            self.advance(Duration::from_millis(ahead));
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp(
            SystemClock
                .now()
                .millis()
                .saturating_add(millis(*self.offset.borrow())),
        )
    }
}

impl LocalClock for VirtualClock {
    fn jumps(&self) -> Option<watch::Receiver<Duration>> {
        Some(self.offset.subscribe())
    }
}

/// The randomness of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

thread_local! {
    /// Random bytes that were not given out yet: asking the system for many at once is cheaper.
    static POOL: RefCell<(Box<[u8]>, usize)> = RefCell::new((vec![0; POOL_BYTES].into(), POOL_BYTES));
}

impl Entropy for SystemEntropy {
    fn bytes(&self) -> [u8; 32] {
        POOL.with_borrow_mut(|(pool, used)| {
            if *used >= pool.len() {
                // Without randomness every secret would be guessable: nothing may go on.
                getrandom::fill(pool).expect("the operating system gives no randomness");
                *used = 0;
            }
            let mut bytes = [0; 32];
            let fresh = &mut pool[*used..*used + bytes.len()];
            bytes.copy_from_slice(fresh);
            // What was given out is nobody else's to see.
            fresh.fill(0);
            *used += bytes.len();
            bytes
        })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{SystemClock, SystemEntropy, VirtualClock};
    use engine::Timestamp;
    use ports::{Clock as _, Entropy as _};
    use std::time::Duration;

    #[test]
    fn the_virtual_clock_goes_ahead_and_never_back() {
        let clock = VirtualClock::default();
        let before = SystemClock.now();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() >= before.plus_seconds(3600));
        clock.advance_to(before);
        assert!(clock.now() >= before.plus_seconds(3600));
        let far = before.plus_seconds(86_400 * 365);
        clock.advance_to(far);
        assert!(clock.now() >= far && clock.now() < far.plus_seconds(60));
        clock.advance_to(Timestamp(i64::MAX));
        assert!(clock.now() > far);
    }

    #[test]
    fn randomness_does_not_repeat() {
        assert_ne!(SystemEntropy.bytes(), SystemEntropy.bytes());
    }
}
