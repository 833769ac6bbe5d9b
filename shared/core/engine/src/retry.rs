//! The delay before a state is tried again.

use asl::program::Retrier;

/// Returns the delay in whole seconds before the attempt after `used` retries.
///
/// The interval grows by the backoff rate with every retry, up to `MaxDelaySeconds`; full jitter then takes a random
/// part of it, never less than nothing. `random` is a pseudo-random number.
pub(crate) fn delay_seconds(retrier: &Retrier, used: u32, random: u64) -> u64 {
    let exponent = i32::try_from(used).unwrap_or(i32::MAX);
    let grown = retrier.interval_seconds as f64 * retrier.backoff_rate.powi(exponent);
    let bounded = match retrier.max_delay_seconds {
        Some(most) => grown.min(most as f64),
        None => grown,
    };
    // A delay beyond a year cannot matter: the execution is over by then.
    let bounded = bounded.clamp(0.0, crate::limits::STANDARD_SECONDS_MAX as f64);
    let seconds = if retrier.full_jitter {
        bounded * (random as f64 / u64::MAX as f64)
    } else {
        bounded
    };
    seconds.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::delay_seconds;
    use asl::program::Retrier;

    fn retrier() -> Retrier {
        Retrier {
            error_equals: vec!["States.ALL".into()],
            interval_seconds: 3,
            max_attempts: 5,
            backoff_rate: 2.0,
            max_delay_seconds: None,
            full_jitter: false,
        }
    }

    #[test]
    fn grows_by_the_backoff_rate() {
        let delays: Vec<u64> = (0..4).map(|used| delay_seconds(&retrier(), used, 0)).collect();
        assert_eq!(delays, [3, 6, 12, 24]);
    }

    #[test]
    fn stays_under_the_maximum() {
        let retrier = Retrier {
            max_delay_seconds: Some(5),
            ..retrier()
        };
        assert_eq!(delay_seconds(&retrier, 3, 0), 5);
        assert_eq!(
            delay_seconds(
                &Retrier {
                    backoff_rate: 1e300,
                    ..self::retrier()
                },
                300,
                0
            ),
            31_536_000
        );
    }

    #[test]
    fn full_jitter_takes_any_part() {
        let retrier = Retrier {
            full_jitter: true,
            ..retrier()
        };
        assert_eq!(delay_seconds(&retrier, 0, 0), 0);
        assert_eq!(delay_seconds(&retrier, 0, u64::MAX), 3);
    }
}
