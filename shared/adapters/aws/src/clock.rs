//! Time and randomness of the machine that a function runs on.

use engine::Timestamp;
use ports::{Clock, Entropy};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The randomness of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // Without randomness every secret would be guessable: nothing may go on.
        getrandom::fill(&mut bytes).expect("the operating system gives no randomness");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{SystemClock, SystemEntropy};
    use engine::Timestamp;
    use ports::{Clock as _, Entropy as _};

    #[test]
    fn the_clock_stands_in_this_century_and_randomness_does_not_repeat() {
        assert!(SystemClock.now() > Timestamp(1_700_000_000_000));
        assert!(SystemClock.now() < Timestamp(4_000_000_000_000));
        assert_ne!(SystemEntropy.bytes(), SystemEntropy.bytes());
    }
}
