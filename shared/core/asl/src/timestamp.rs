//! Points in time, to the millisecond, as the language and the journal write them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Parses the RFC 3339 profile of the language: upper-case `T`, and `Z` or a numeric offset.
    ///
    /// A fraction finer than a millisecond is cut off. Returns `None` for any other text.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        if bytes.get(10) != Some(&b'T') || text.contains(['z', ' ', '[']) {
            return None;
        }
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(Timestamp(parsed.as_millisecond()))
    }

    /// Returns the point that lies `seconds` later; the far end of time when that overflows.
    pub fn plus_seconds(self, seconds: u64) -> Timestamp {
        let millis = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
        Timestamp(self.0.saturating_add(millis))
    }

    /// Returns the milliseconds since the epoch.
    pub fn millis(self) -> i64 {
        self.0
    }
}

/// Writes `2026-11-22T10:00:00.123Z`, as Step Functions writes times into the Context object.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn reads_and_writes_rfc_3339() {
        let time = Timestamp::parse("2016-03-14T01:59:00Z").unwrap();
        assert_eq!(time.to_string(), "2016-03-14T01:59:00.000Z");
        assert_eq!(
            Timestamp::parse("2016-03-14T03:59:00.1239+02:00")
                .unwrap()
                .to_string(),
            "2016-03-14T01:59:00.123Z"
        );
    }

    #[test]
    fn refuses_what_the_profile_leaves_out() {
        for text in [
            "2016-03-14",
            "2016-03-14 01:59:00Z",
            "2016-03-14T01:59:00",
            "2016-03-14T01:59:00z",
            "",
            "x",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
